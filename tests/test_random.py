"""Random streams against numbers made elsewhere: Julia's printed output, published constants, plain loops."""

from __future__ import annotations

import copy
import hashlib
import math
import pickle
from collections.abc import Iterator

import numpy as np
import pytest
import scipy.special
import scipy.stats

from arraylux.random import Xoshiro, replicate, words, ziggurat

MASK = 2**64 - 1
JULIA_SEED_0 = (0xDB2FA90498613FDF, 0x48D73DC42D195740, 0x8C49BC52DC8A77EA, 0x1911B814C02405E8)

# Printed by Julia 1.12 in Lux's tutorial "Julia & Lux for the Uninitiated": Random.seed!(rng, 0), then in
# turn rand(rng, 5, 3), rand(BigFloat, 5, 3), rand(Float32, 5, 3), W = randn(5, 10), x = rand(10), W * x.
UNIFORM_FLOAT64 = """
    0.455238   0.746943   0.193291
    0.547642   0.746801   0.116989
    0.773354   0.97667    0.899766
    0.940585   0.0869468  0.422918
    0.0296477  0.351491   0.707534"""
UNIFORM_BIGFLOAT = """
    0.981339    0.793159  0.459019
    0.043883    0.624384  0.56055
    0.164786    0.524008  0.0355555
    0.414769    0.577181  0.621958
    0.00823197  0.30215   0.655881"""
UNIFORM_FLOAT32 = """
    0.567794   0.369178   0.342539
    0.0985227  0.201145   0.587206
    0.776598   0.148248   0.0851708
    0.723731   0.0770206  0.839303
    0.404728   0.230954   0.679087"""
PRODUCT = [1.2197981041108443, -2.62625877100596, -2.8573820474674845, -2.4319346874291314,
           1.0108668577150213]

# The same page, rng = Xoshiro(0): three times rand(rng, 10), then randn(rng, Float32, 4) and (5).
TEN_UNIFORMS = [
    [0.4552384158732863, 0.5476424498276177, 0.7733535276924052, 0.9405848223512736, 0.02964765308691042,
     0.74694291453392, 0.7468008914093891, 0.9766699015845924, 0.08694684883050086, 0.35149138733595564],
    [0.018743665453639813, 0.8601828553599953, 0.6556360448565952, 0.7746656838366666, 0.7817315740767116,
     0.5553797706980106, 0.1261990389976131, 0.4488101521328277, 0.624383955429775, 0.05657739601024536],
    [0.19597391412112541, 0.6830945313415872, 0.6776220912718907, 0.6456416023530093, 0.6340362477836592,
     0.5595843665394066, 0.5675557670686644, 0.34351700231383653, 0.7237308297251812, 0.3691778381831775],
]
NORMAL_4 = [-0.4051151, -0.4593922, 0.92155594, 1.1871622]
NORMAL_5 = [-0.877497, 1.1953009, -0.057005208, 0.25055695, 0.09351656]


def printed(table: str) -> list[list[str]]:
    return [line.split() for line in table.split("\n")[1:]]


def six_digits(array: np.ndarray) -> list[list[str]]:
    return [[np.format_float_positional(v, 6, fractional=False, trim="-") for v in row] for row in array]


def plain_words(state: tuple[int, ...]) -> Iterator[int]:
    """The generator as its authors define it, a word at a time."""

    def rotate(x: int, k: int) -> int:
        return (x << k | x >> (64 - k)) & MASK

    s = list(state)
    while True:
        yield (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)


def plain_bulk(state: tuple[int, ...], nbytes: int) -> list[int]:
    """Julia's bulk stream: eight lanes, seeded by 32 words, for every 64 bytes; single words for the rest."""
    source = plain_words(state)
    steps, rest = divmod(nbytes, 64)
    drawn = []
    if steps:
        constants = 0x02011CE34BCE797F, 0x5A94851FB48A6E05, 0x3688CF5D48899FA7, 0x867B4BB4C42E5661
        seeds = [[next(source) * constant & MASK for _ in range(8)] for constant in constants]
        lanes = [plain_words(lane) for lane in zip(*seeds, strict=True)]
        drawn = [next(lane) for _ in range(steps) for lane in lanes]
    return drawn + [next(source) for _ in range(-(-rest // 8))]


# Seeds and words


def test_state_of_seed_0_is_the_one_julia_prints():
    assert Xoshiro(0).state == JULIA_SEED_0
    assert repr(Xoshiro(0)) == ("Xoshiro(0xdb2fa90498613fdf, 0x48d73dc42d195740, 0x8c49bc52dc8a77ea, "
                                "0x1911b814c02405e8, 0x22a21880af5dc689)")


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (1, b"\x01\0\0\0"),
        (0x1_0000_0002, b"\x02\0\0\0\x01\0\0\0"),
        (2**96, bytes(12) + b"\x01\0\0\0"),
        (-1, b"\0\0\0\0\x01"),
        (-3, b"\x02\0\0\0\x01"),
        (-(2**32) - 1, b"\0\0\0\0\x01\0\0\0\x01"),
        (np.int64(1), b"\x01\0\0\0"),
    ],
)
def test_a_seed_is_hashed_in_32_bit_words(seed, message):
    digest = hashlib.sha256(message).digest()
    assert Xoshiro(seed).state == tuple(int.from_bytes(digest[i : i + 8], "little") for i in (0, 8, 16, 24))


def test_single_draws_are_those_of_julia():
    # Random.seed!(1234) and rand() one at a time, as Julia's manual and its users print them.
    rng = Xoshiro(1234)
    assert [rng.random() for _ in range(12)] == [
        0.32597672886359486, 0.5490511363155669, 0.21858665481883066, 0.8942454282009883, 0.35311164439921205,
        0.39425536741585077, 0.9531246272848422, 0.7955469475347194, 0.4942498668904206, 0.7484150218874741,
        0.5782319465613976, 0.7279350012266056,
    ]


def test_without_a_seed_generators_differ():
    assert Xoshiro() != Xoshiro()


def test_a_long_sequence_is_the_one_of_single_steps():
    source = plain_words(JULIA_SEED_0)
    expected = [next(source) for _ in range(10_000)]
    for count in (0, 1, 200, 201, 1000, 10_000):
        assert words.sequence(JULIA_SEED_0, count).tolist() == expected[:count]


def test_advancing_leads_where_stepping_leads():
    state = JULIA_SEED_0
    reached = [state]
    for _ in range(5000):
        state = words.next_word(state)[1]
        reached.append(state)
    for steps in (0, 1, 200, 201, 256, 4095, 5000):
        assert words.advance(JULIA_SEED_0, steps) == reached[steps]


def test_advancing_by_2_to_the_128_is_the_published_jump():
    # The authors' jump function: the exclusive-or of those of the next 256 states whose bit is set here.
    polynomial = 0x180EC6D33CFD0ABA, 0xD5A61266F0C9392C, 0xA9582618E03FC9AA, 0x39ABDC4529B1661C
    jumped, state = (0, 0, 0, 0), JULIA_SEED_0
    for word in polynomial:
        for bit in range(64):
            if word >> bit & 1:
                jumped = tuple(a ^ b for a, b in zip(jumped, state, strict=True))
            state = words.next_word(state)[1]
    assert words.advance(JULIA_SEED_0, 2**128) == jumped


# Uniform numbers


def test_the_first_arrays_of_the_tutorial():
    rng = Xoshiro(0)
    assert six_digits(rng.random((5, 3), order="F")) == printed(UNIFORM_FLOAT64)
    assert six_digits(rng.random((5, 3), dtype=np.longdouble, order="F")) == printed(UNIFORM_BIGFLOAT)
    third = rng.random((5, 3), dtype=np.float32, order="F")
    assert six_digits(third) == printed(UNIFORM_FLOAT32)
    assert third[:, 2].tolist() == np.float32([0.34253937, 0.58720636, 0.085170805, 0.8393034,
                                               0.67908657]).tolist()
    weight, x = rng.standard_normal((5, 10), order="F"), rng.random(10)
    np.testing.assert_allclose(weight @ x, PRODUCT, rtol=1e-14)


def test_drawing_changes_the_generator_and_a_replica_does_not():
    rng = Xoshiro(0)
    for _ in range(3):
        assert replicate(rng).random(10).tolist() == TEN_UNIFORMS[0]
    for expected in TEN_UNIFORMS:
        assert rng.random(10).tolist() == expected


@pytest.mark.parametrize("count", [1, 7, 8, 9, 50, 1000, 4003])
def test_float64_uniforms_are_the_upper_bits_of_the_bulk_stream(count):
    expected = [(word >> 11) / 2**53 for word in plain_bulk(JULIA_SEED_0, 8 * count)]
    assert Xoshiro(0).random(count).tolist() == expected


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 2001, 20_003])
def test_float32_uniforms_take_half_a_word_each(count):
    drawn = plain_bulk(JULIA_SEED_0, 4 * count)
    halves = [half for word in drawn for half in (word & 0xFFFFFFFF, word >> 32)]
    assert Xoshiro(0).random(count, dtype=np.float32).tolist() == [(h >> 8) / 2**24 for h in halves[:count]]


@pytest.mark.parametrize("nbytes", [0, 8, 56, 64, 72, 400, 8000, 80_008])
def test_after_an_array_the_sequence_goes_on_where_julia_is(nbytes):
    rng = Xoshiro(0)
    rng.random(nbytes // 8)
    source = plain_words(JULIA_SEED_0)
    for _ in range((32 if nbytes >= 64 else 0) + nbytes % 64 // 8):
        next(source)
    assert rng.random() == (next(source) >> 11) / 2**53


def test_a_single_float32_takes_the_upper_bits():
    word = next(plain_words(JULIA_SEED_0))
    drawn = Xoshiro(0).random(dtype=np.float32)
    assert type(drawn) is np.float32
    assert drawn == (word >> 40) / 2**24


def test_longdouble_is_a_256_bit_number():
    source = plain_words(JULIA_SEED_0)
    number = sum(next(source) << 64 * i for i in range(4)) / 2**256
    assert float(Xoshiro(0).random(dtype=np.longdouble)) == number


def test_float16_stays_below_one():
    drawn = Xoshiro(0).random(100_000, dtype=np.float16)
    assert drawn.dtype == np.float16
    assert 0 <= drawn.min() < 0.001
    assert drawn.max() == 1 - 2**-11


def test_order_says_which_axis_is_filled_first():
    c, f, flat = Xoshiro(3).random((2, 3, 4)), Xoshiro(3).random((2, 3, 4), order="F"), Xoshiro(3).random(24)
    assert c.ravel().tolist() == flat.tolist()
    assert f.ravel(order="F").tolist() == flat.tolist()
    normals = Xoshiro(3).standard_normal((4, 5), order="F")
    assert normals.ravel(order="F").tolist() == Xoshiro(3).standard_normal(20).tolist()


def test_shapes():
    rng = Xoshiro(0)
    assert type(rng.random()) is float
    assert rng.random(()).shape == ()
    assert rng.random((0, 3)).shape == (0, 3)
    assert rng.standard_normal([2, 1], dtype=np.float32).shape == (2, 1)


# Normal numbers


def test_float32_normals_of_the_tutorial():
    rng = Xoshiro(0)
    for _ in range(3):
        rng.random(10)
    assert rng.standard_normal(4, dtype=np.float32).tolist() == np.float32(NORMAL_4).tolist()
    assert rng.standard_normal(5, dtype=np.float32).tolist() == np.float32(NORMAL_5).tolist()


def test_noise_of_the_tutorial_has_the_printed_mean_square():
    # Seed 0; the layer's 5x10 and 5 uniforms; W, b, x and noise. The loss at the true parameters is that of
    # 0.01 * noise: 9.3742405e-5 in float32, where x and W weigh in with rounding alone.
    rng = Xoshiro(0)
    rng.random((5, 10), dtype=np.float32)
    rng.random(5, dtype=np.float32)
    for shape in ((5, 10), 5, (10, 20)):
        rng.standard_normal(shape, dtype=np.float32)
    noise = rng.standard_normal((5, 20), dtype=np.float32)
    assert np.mean((0.01 * noise) ** 2) == pytest.approx(9.3742405e-5, rel=1e-5)


def test_ziggurat_tables_have_the_published_entries():
    table = ziggurat.tables()
    assert (table.accept[0], table.accept[1]) == (0x0007799EC012F7B2, 0)
    assert (table.accept[2], table.accept[255]) == (0x0006045F4C7DE363, 0x00078D2D25998E24)
    assert (table.scale[0], table.scale[1]) == (1.7367254121602630e-15, 9.5586603514556339e-17)
    assert table.scale[255] == 1.6227698675312968e-15
    assert (table.height[0], table.height[255]) == (1.0, 1.2602859304985975e-03)


def test_ziggurat_layers_have_equal_areas():
    table = ziggurat.tables()
    x, height = table.scale_array * 2**51, np.array(table.height)
    tail = math.sqrt(math.pi / 2) * scipy.special.erfc(x[255] / math.sqrt(2))
    np.testing.assert_allclose(x[1:] * (height[:-1] - height[1:]), x[255] * height[255] + tail, rtol=1e-12)


def test_tail_draws_follow_the_exponential_rule():
    place = (ziggurat.tables().accept[0] >> 9) + 1 << 9  # layer 0, past its limit, bit 8 clear: right tail
    x = 3.6541528853610088 + math.log(32) / 3.6541528853610088
    uniforms = [1 / 32, 0.5]  # X = -log(u1)/r = 0.95, Y = -log(u2) = 0.69; 2Y > X^2: taken at once
    source = iter([int(u * 2**53) << 11 for u in uniforms])
    assert ziggurat.settle(place << 13, lambda: next(source)) == pytest.approx(x, rel=1e-15)
    uniforms = [2**-40, 0.75, *uniforms]  # X = 7.6, Y = 0.29: once more
    source = iter([int(u * 2**53) << 11 for u in uniforms])
    assert ziggurat.settle((place | 0x100) << 13, lambda: next(source)) == pytest.approx(-x, rel=1e-15)


def test_wedge_draws_ask_the_bell_curve():
    table = ziggurat.tables()
    layer = 100
    place = (table.accept[layer] >> 8) + 1 << 8 | layer  # just outside the layer above, still below the curve
    x = place * table.scale[layer]
    assert ziggurat.settle(place << 13, lambda: 0) == x
    assert ziggurat.settle(place << 13 | 0x1000, lambda: 0) == -x
    outermost = (1 << 51) - 256 | layer  # above the curve unless u is almost 0
    assert ziggurat.settle(outermost << 13, lambda: 1 << 63) is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_narrow_normals_are_single_draws_rounded(dtype):
    together, singly = Xoshiro(5), Xoshiro(5)
    drawn = together.standard_normal(20_000, dtype=dtype)
    assert drawn.tolist() == [float(dtype(singly.standard_normal())) for _ in range(20_000)]
    assert together == singly


def test_few_float64_normals_are_single_draws():
    for seed in range(40):
        together, singly = Xoshiro(seed), Xoshiro(seed)
        assert together.standard_normal(6).tolist() == [singly.standard_normal() for _ in range(6)]


@pytest.mark.parametrize(("count", "seed"), [*((7, seed) for seed in range(40)), (8, 1), (5000, 2)])
def test_many_float64_normals_take_bulk_words_then_single_draws(count, seed):
    rng, rest = Xoshiro(seed), Xoshiro(seed)
    bulk = plain_bulk(rest.state, 8 * count)
    rest.random(count)  # takes the same words
    source = plain_words(rest.state)
    expected = []
    for word in bulk:
        replay = iter([word])
        expected.append(ziggurat.draw(lambda replay=replay: next(replay, None) or next(source)))
    assert rng.standard_normal(count).tolist() == expected
    assert rng.random() == (next(source) >> 11) / 2**53


def test_a_stretch_that_ends_within_a_draw_is_taken_up_again():
    tail = (ziggurat.tables().accept[0] >> 8 << 8) + 0x200 << 13
    before, after = (words.sequence(Xoshiro(seed).state, 150).tolist() for seed in (0, 1))
    stretch = np.array([*before, tail, tail, 2**62, 2**63, tail, 2**62, 2**63, *after], dtype=np.uint64)
    everything, used = ziggurat.consecutive(stretch, 1000)
    assert used == len(stretch)
    for cut in range(len(stretch) + 1):
        first, used = ziggurat.consecutive(stretch[:cut], 1000)
        rest, _ = ziggurat.consecutive(stretch[used:], 1000)
        assert np.concatenate([first, rest]).tolist() == everything.tolist()
    for count in range(1, len(everything)):
        first, used = ziggurat.consecutive(stretch, count)
        rest, _ = ziggurat.consecutive(stretch[used:], 1000)
        assert len(first) == count
        assert np.concatenate([first, rest]).tolist() == everything.tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normals_are_normal(dtype):
    drawn = Xoshiro(2).standard_normal(400_000, dtype=dtype)
    assert scipy.stats.kstest(drawn[:100_000], "norm").pvalue > 0.01
    beyond = np.abs(drawn) > ziggurat.TAIL  # all from the tail; a share of 2 Q(r) = 2.58e-4, 103 of them
    assert abs(beyond.sum() - 400_000 * 2 * scipy.stats.norm.sf(ziggurat.TAIL)) < 40
    assert abs((drawn > 0).mean() - 0.5) < 0.004


# The rest of the face


def test_integers_fill_the_range_evenly():
    drawn = Xoshiro(0).integers(-3, 4, size=(700, 100))
    assert drawn.dtype == np.int64
    assert drawn.shape == (700, 100)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert scipy.stats.chisquare(counts).pvalue > 0.01


def test_integers_reach_the_ends_of_their_dtype():
    rng = Xoshiro(0)
    assert np.unique(rng.integers(-128, 127, size=10_000, dtype=np.int8, endpoint=True)).size == 256
    wide = rng.integers(-(2**63), 2**63, size=1000)
    assert wide.min() < -(2**62)
    assert wide.max() > 2**62
    assert rng.integers(2**64, size=1000, dtype=np.uint64).max() > 2**63
    assert rng.integers(5, 6) == 5
    assert rng.integers(1) == 0
    assert type(rng.integers(3)) is np.int64


def test_permutation_shuffles_along_the_first_axis():
    rng = Xoshiro(0)
    order = rng.permutation(1000)
    assert sorted(order.tolist()) == list(range(1000))
    assert order.tolist() != list(range(1000))
    rows = np.arange(12).reshape(6, 2)
    shuffled = rng.permutation(rows)
    assert sorted(map(tuple, shuffled.tolist())) == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)]
    assert rows.tolist() == np.arange(12).reshape(6, 2).tolist()
    assert len({tuple(rng.permutation(3).tolist()) for _ in range(200)}) == 6


def test_uniform_and_normal_are_scaled_draws():
    assert Xoshiro(0).uniform(-1, 3, 10).tolist() == (np.array(TEN_UNIFORMS[0]) * 4 - 1).tolist()
    assert Xoshiro(0).uniform([0, 10], 20).tolist() == (Xoshiro(0).random(2) * [20, 10] + [0, 10]).tolist()
    assert Xoshiro(0).normal(2, 3) == 2 + 3 * Xoshiro(0).standard_normal()
    assert isinstance(Xoshiro(0).uniform(), float)


def test_state_can_be_read_set_copied_and_pickled():
    rng = Xoshiro(0)
    rng.random(5)
    saved, twins = rng.state, [rng.copy(), copy.deepcopy(rng), pickle.loads(pickle.dumps(rng))]
    expected = rng.random(20).tolist()
    for twin in twins:
        assert twin.state == saved
        assert twin.random(20).tolist() == expected
        assert twin == rng
    rng.state = saved
    assert rng != twins[0]
    assert rng.random(20).tolist() == expected
    rng.seed(0)
    assert rng == Xoshiro(0)
    assert rng != 0


def test_the_printed_fifth_word_stays_as_seeded():
    rng = Xoshiro(0)
    rng.random(10)
    assert repr(rng).endswith("0x22a21880af5dc689)")
    assert repr(rng.copy()) == repr(rng)


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState, Xoshiro])
def test_replicas_draw_alike_and_apart(make):
    rng = make(7)
    twin = replicate(rng)
    assert type(twin) is type(rng)
    drawn = twin.standard_normal(5).tolist()
    twin.standard_normal(5)
    assert rng.standard_normal(5).tolist() == drawn


# Errors


class Generator:
    """Stands in for CuPy's class of that name."""


Generator.__module__ = "cupy.random._generator_api"


@pytest.mark.parametrize(
    ("call", "error", "words_of_it"),
    [
        (lambda: Xoshiro(1.5), TypeError, "seed must be an integer, but got 1.5"),
        (lambda: Xoshiro(0).random(3, dtype=np.int32), TypeError, "dtype is int32"),
        (lambda: Xoshiro(0).standard_normal(3, dtype=np.complex64), TypeError, "dtype is complex64"),
        (lambda: Xoshiro(0).random(2.5), TypeError, "size must be None, an integer or a tuple"),
        (lambda: Xoshiro(0).random((2, -1)), ValueError, r"size must not be negative, but got \(2, -1\)"),
        (lambda: Xoshiro(0).random(3, order="K"), ValueError, 'order must be "C" or "F", but got \'K\''),
        (lambda: Xoshiro(0).normal(0, -1), ValueError, "scale must not be negative, but got -1"),
        (lambda: Xoshiro(0).integers(3, 3), ValueError, "got 3 to 2"),
        (lambda: Xoshiro(0).integers(300, dtype=np.uint8), ValueError, "within uint8, 0 to 255"),
        (lambda: Xoshiro(0).integers(3, dtype=np.float32), TypeError, "dtype is float32"),
        (lambda: Xoshiro(0).integers(3.5), TypeError, "high must be an integer, but got 3.5"),
        (lambda: Xoshiro(0).permutation(3.5), TypeError, "x must be an integer, but got 3.5"),
        (lambda: setattr(Xoshiro(0), "state", (0, 0, 0, 0)), ValueError, "not all zero"),
        (lambda: setattr(Xoshiro(0), "state", (1, 2, 3)), ValueError, "four integers"),
        (lambda: setattr(Xoshiro(0), "state", (1, 2, 3, 2**64)), ValueError, "four integers"),
        (lambda: replicate(Generator()), TypeError, "cannot copy a CuPy Generator.*draw on the CPU"),
        (lambda: replicate(42), TypeError, r"got a int; numpy.random.default_rng\(0\)"),
    ],
)
def test_errors_say_what_was_wrong(call, error, words_of_it):
    with pytest.raises(error, match=words_of_it):
        call()


def test_a_refused_draw_leaves_the_generator_as_it_was():
    rng = Xoshiro(0)
    with pytest.raises(TypeError):
        rng.random(3, dtype=int)
    assert rng == Xoshiro(0)
