"""SciPy's functions on traced arrays, by SciPy's own switch for arrays that are not NumPy's."""
from __future__ import annotations

import numpy as np
import pytest
from differentiated import beside, check, refuses

import arraylux as lux

pytest.importorskip("scipy", minversion="1.17")
differentiate = pytest.importorskip("scipy.differentiate")
fft = pytest.importorskip("scipy.fft")
integrate = pytest.importorskip("scipy.integrate")
interpolate = pytest.importorskip("scipy.interpolate")
linalg = pytest.importorskip("scipy.linalg")
ndimage = pytest.importorskip("scipy.ndimage")
elementwise = pytest.importorskip("scipy.optimize.elementwise")
signal = pytest.importorskip("scipy.signal")
distance = pytest.importorskip("scipy.spatial.distance")
Rotation = pytest.importorskip("scipy.spatial.transform").Rotation
special = pytest.importorskip("scipy.special")
stats = pytest.importorskip("scipy.stats")
vq = pytest.importorskip("scipy.cluster.vq")

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(0.5, 2.0, (6, 3)), RNG.uniform(0.5, 2.0, (6, 3))     # six samples of three variables, twice
V, W = RNG.uniform(0.5, 2.0, 7), RNG.uniform(0.5, 2.0, 7)
N, P, S = RNG.normal(size=(6, 3)), RNG.uniform(0.1, 0.9, 7), RNG.normal(size=16)
IMAGE, TIMES, SQUARE = RNG.normal(size=(5, 6)), np.cumsum(V), RNG.normal(size=(3, 3)) + 3 * np.eye(3)
WEIGHTS = RNG.uniform(0.5, 1.0, 7)
of = lux.array_namespace


def described(x):
    d = stats.describe(x, axis=0)
    return [*d.minmax, d.mean, d.variance, d.skewness, d.kurtosis]


def pointing(x):
    d = stats.directional_stats(x)
    return d.mean_direction, d.mean_resultant_length


def reached(c, a):
    """The integral of exp(-a t) from 0 to c."""
    return integrate.tanhsinh(lambda t, a: of(t, a).exp(-a * t), beside(a, np.zeros(7)), c, args=(a,)).integral


def parts(z):
    return z.real, z.imag


SPECIAL = {
    "logsumexp": (lambda x: special.logsumexp(x, axis=0), [N]),
    "logsumexp, traced weights": (lambda x, b: special.logsumexp(x, axis=1, b=b), [N, Y]),
    "logsumexp, constant weights": (lambda x: special.logsumexp(x, axis=1, b=beside(x, Y)), [N]),
    "softmax": (lambda x: special.softmax(x, axis=1), [N]),
    "log_softmax": (lambda x: special.log_softmax(x, axis=1), [N]),
    "xlogy": (special.xlogy, [V, W]), "rel_entr": (special.rel_entr, [V, W]),
    "expit": (special.expit, [N]), "log_expit": (special.log_expit, [N]), "logit": (special.logit, [P]),
    "ndtr": (special.ndtr, [N]), "erf": (special.erf, [N]), "erfc": (special.erfc, [N]),
    "erfinv": (special.erfinv, [P]),
    "gammaln": (special.gammaln, [V]), "psi": (special.psi, [V]), "cbrt": (special.cbrt, [V]),
    "gamma": (special.gamma, [V]), "beta": (special.beta, [V, W]), "betaln": (special.betaln, [V, W]),
    "entr": (special.entr, [V]), "kl_div": (special.kl_div, [V, W]), "xlog1py": (special.xlog1py, [V, W]),
    "log_ndtr": (special.log_ndtr, [N]), "ndtri": (special.ndtri, [P]), "exprel": (special.exprel, [V]),
    "i0": (special.i0, [V]), "i1": (special.i1, [V]), "j0": (special.j0, [V]), "dawsn": (special.dawsn, [V]),
    "sinc": (special.sinc, [V]), "exp10": (special.exp10, [V]), "huber": (lambda x: special.huber(1.0, x), [V]),
    "gammainc": (lambda x: special.gammainc(beside(x, W), x), [V]),
    "betainc": (lambda x: special.betainc(beside(x, W), beside(x, V), x), [P]),
}
STATS = {
    "gmean": (lambda x: stats.gmean(x, axis=0), [X]), "hmean": (lambda x: stats.hmean(x, axis=0), [X]),
    "gmean, weights": (lambda x, w: stats.gmean(x, axis=0, weights=w), [X, Y]),
    "pmean": (lambda x: stats.pmean(x, 3, axis=1), [X]), "moment": (lambda x: stats.moment(x, [2, 3, 4], axis=0), [X]),
    "skew": (lambda x: stats.skew(x, axis=0, bias=False), [X]), "kurtosis": (lambda x: stats.kurtosis(x, axis=0), [X]),
    "lmoment": (lambda x: stats.lmoment(x, axis=0), [X]), "describe": (described, [X]),
    "kstat": (lambda x: stats.kstat(x, 3), [V]), "kstatvar": (lambda x: stats.kstatvar(x, 2), [V]),
    "zscore": (lambda x: stats.zscore(x, axis=0), [X]), "gzscore": (lambda x: stats.gzscore(x, axis=0), [X]),
    "zmap": (lambda x, y: stats.zmap(x, y, axis=0), [X, Y]), "sem": (lambda x: stats.sem(x, axis=0), [X]),
    "variation": (lambda x: stats.variation(x, axis=0), [X]), "gstd": (lambda x: stats.gstd(x, axis=0), [X]),
    "tmean": (lambda x: stats.tmean(x, (0.6, 1.9)), [X]), "tvar": (lambda x: stats.tvar(x, axis=0), [X]),
    "tsem": (lambda x: stats.tsem(x, axis=0), [X]), "iqr": (lambda x: stats.iqr(x, axis=0), [X]),
    "quantile": (lambda x: stats.quantile(x, beside(x, [[0.3], [0.6]]), axis=0), [X]),
    "median_abs_deviation": (lambda x: stats.median_abs_deviation(x, axis=0), [X]),
    "circmean": (lambda x: stats.circmean(x, axis=0), [X]), "circvar": (lambda x: stats.circvar(x, axis=0), [X]),
    "circstd": (lambda x: stats.circstd(x, axis=0), [X]), "directional_stats": (pointing, [N]),
    "entropy of two": (lambda p, q: stats.entropy(p, q, axis=0), [X, Y]),
    "differential_entropy": (lambda x: stats.differential_entropy(x, axis=0), [X]),
    "boxcox_llf": (lambda x: stats.boxcox_llf(0.5, x), [V]),
    "yeojohnson_llf": (lambda x: stats.yeojohnson_llf(0.5, x), [V]),
    "entropy": (lambda p: stats.entropy(p, axis=0), [X]),
    "ttest_1samp": (lambda x: list(stats.ttest_1samp(x, 1.0)), [X]),
    "ttest_ind": (lambda x, y: list(stats.ttest_ind(x, y)), [X, Y]),
    "ttest_rel": (lambda x, y: list(stats.ttest_rel(x, y)), [X, Y]),
    "pearsonr": (lambda x, y: list(stats.pearsonr(x, y, axis=0)), [X, Y]),
    "power_divergence": (lambda x: list(stats.power_divergence(x, lambda_=0.5)), [V]),
    "bartlett": (lambda x, y: list(stats.bartlett(x, y)), [X, Y]),
    "jarque_bera": (lambda x: list(stats.jarque_bera(x)), [S]),
    "normaltest": (lambda x: list(stats.normaltest(x)), [S]),
    "combine_pvalues": (lambda p: list(stats.combine_pvalues(p, method="stouffer")), [P]),
    "spearmanr": (lambda x, y: stats.spearmanr(x, y).statistic * x, [V, W]),
    "false_discovery_control": (stats.false_discovery_control, [P]),
    "skewtest": (lambda x: list(stats.skewtest(x)), [S]), "kurtosistest": (lambda x: list(stats.kurtosistest(x)), [S]),
}
CALCULUS = {
    "trapezoid": (lambda y, x: integrate.trapezoid(y, x), [W, TIMES]),
    "cumulative_trapezoid": (lambda y, x: integrate.cumulative_trapezoid(y, x, initial=0), [W, TIMES]),
    "cumulative_simpson": (lambda y, x: integrate.cumulative_simpson(y, x=x), [W, TIMES]),
    "romb": (integrate.romb, [S[:9]]),
    "fixed_quad": (lambda a: integrate.fixed_quad(lambda x: a * x**2, 0.0, 1.0)[0], [V[0]]),
    "tanhsinh": (reached, [V, W]),
    "cubature": (lambda a: integrate.cubature(lambda x, a: of(x, a).exp(-a * x), beside(a, [0.0]), beside(a, [1.0]),
                                              args=(a,)).estimate, [V[:1]]),
    "derivative": (lambda x: differentiate.derivative(lambda t: of(t).exp(t), x).df, [V]),
    "jacobian": (lambda x: differentiate.jacobian(lambda t: of(t).exp(t), x).df, [V[:3]]),
}
TRANSFORMS = {
    "fft": (lambda x: parts(fft.fft(x)), [V]), "fft2": (lambda x: parts(fft.fft2(x)), [IMAGE]),
    "rfft, irfft": (lambda x: fft.irfft(fft.rfft(x, n=10)), [V]), "rfftn": (lambda x: parts(fft.rfftn(x)), [IMAGE]),
    "hfft": (lambda x: fft.hfft(x + 0j), [V]), "fftshift": (fft.fftshift, [V]),
    "fht": (lambda x: fft.fht(x, 0.1, 0.2), [V]),
    "fftconvolve": (signal.fftconvolve, [V, W]), "oaconvolve": (signal.oaconvolve, [V, W[:3]]),
    "correlate": (lambda x, y: signal.correlate(x, y, method="fft"), [V, W]),
    "hilbert": (lambda x: parts(signal.hilbert(x)), [V]), "envelope": (signal.envelope, [S]),
    "resample": (lambda x: signal.resample(x, 10), [V]), "minimum_phase": (signal.minimum_phase, [np.abs(S[:9])]),
    "freqz": (lambda b: parts(signal.freqz(b, worN=5)[1]), [V[:3]]),
    "vectorstrength": (lambda t: signal.vectorstrength(t, 1.0)[0], [V]),
}
GEOMETRY = {
    "whiten": (vq.whiten, [X]), "block_diag": (linalg.block_diag, [X, Y]),
    "Rotation.from_rotvec": (lambda x: Rotation.from_rotvec(x).as_matrix(), [X]),
    "Rotation.apply": (lambda q, v: Rotation.from_quat(q).apply(v), [S[:4], V[:3]]),
}
DIFFERENTIATED = {**SPECIAL, **STATS, **CALCULUS, **TRANSFORMS, **GEOMETRY}


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_scipys_functions_are_differentiable(name):
    check(*DIFFERENTIATED[name])


def test_a_result_has_gradients_of_its_gradients():
    # d2/dx2 log(sum(exp(x))) = diag(p) - p p^T with p = softmax(x)
    p = special.softmax(V)
    np.testing.assert_allclose(lux.hessian(special.logsumexp)(V), np.diag(p) - np.outer(p, p), rtol=1e-12, atol=1e-15)


def test_a_mask_of_nans_gives_no_number_rather_than_a_wrong_one():
    # SciPy leaves values out by writing NaN over them; forward mode writes over the tangents as well, but backwards
    # the 0 that comes from what was left out meets the derivative of NaN ** 2.
    def limited(x):
        return stats.tvar(x, (0.6, 1.9), axis=None)

    inside = X[(X >= 0.6) & (X <= 1.9)]
    assert inside.size < X.size
    grown = lux.jvp(limited, (X,), (X,))[1]
    np.testing.assert_allclose(grown, 2 * np.var(inside, ddof=1), rtol=1e-12)       # var(c x) is c^2 var(x), at c = 1
    assert np.isnan(lux.grad(limited)(X)).any()


def test_what_is_written_through_a_view_does_not_arrive():
    # Where NumPy's reshape gives a view, SciPy writes to the view and goes on with the whole. A traced array is a
    # value: there are no views of it. Here the integrand's infinities at the end of an infinite interval stay.
    def to_infinity(a):
        found.append(integrate.tanhsinh(lambda t, a: 1 / t**a, 0.0 * a + 1.0, 0.0 * a + np.inf, args=(a,)))
        return found[-1].integral

    found = []
    with np.errstate(all="ignore"):
        assert np.isnan(lux.grad(to_infinity)(3.0)) and not found[0].success
        np.testing.assert_allclose(to_infinity(np.asarray(3.0)), 0.5)


def test_a_search_is_differentiated_by_newtons_steps_at_its_end():
    # To differentiate a search is to differentiate its bisections, which do not move with a: the root of x - a in
    # [0, 2] is found at once, in the middle. So what was found is taken as a constant. Newton's steps from there stay
    # where they are and have the root's derivatives, the first after one step, the third after two.
    def root(f, a):
        return elementwise.find_root(f, (0.0 * a, 0.0 * a + 2.0), args=(a,)).x

    def cube_root(a):
        x = root(lambda x, a: x**3 - a, lux.stop_gradient(a))
        for _ in range(2):
            x = x - (x**3 - a) / (3 * x**2)
        return x

    assert lux.grad(lambda a: root(lambda x, a: x - a, a))(1.0) == 0.0
    check(cube_root, [V])


@pytest.mark.parametrize("name", ["logsumexp", "pmean", "skew", "zscore", "circmean", "trapezoid", "erf", "xlogy"])
def test_arrays_of_another_library(name):
    strict = pytest.importorskip("array_api_strict")
    strict.reset_array_api_strict_flags()
    f, args = DIFFERENTIATED[name]
    check(f, [strict.asarray(a) for a in args])


# --- what makes a NumPy array of its argument, for compiled code, has no derivative, and says so ----------------------
COMPILED = {
    "simpson": (integrate.simpson, [V]), "dct": (fft.dct, [V]), "detrend": (signal.detrend, [V]),
    "lfilter": (lambda x: signal.lfilter(beside(x, [1.0, 0.5]), beside(x, [1.0, 0.2]), x), [V]),
    "medfilt": (signal.medfilt, [V]),
    "savgol_filter": (lambda x: signal.savgol_filter(x, 5, 2), [V]),
    "welch": (lambda x: signal.welch(x, nperseg=4)[1], [V]),
    "convolve, direct": (lambda x: signal.convolve(x, x, method="direct"), [V]),
    "ndimage.gaussian_filter": (lambda x: ndimage.gaussian_filter(x, 1.0), [IMAGE]),
    "ndimage.sum": (ndimage.sum, [IMAGE]), "ndimage.shift": (lambda x: ndimage.shift(x, 0.5), [IMAGE]),
    "linalg.det": (linalg.det, [SQUARE]), "linalg.inv": (linalg.inv, [SQUARE]), "linalg.expm": (linalg.expm, [SQUARE]),
    "linalg.solve": (linalg.solve, [SQUARE, V[:3]]), "linalg.svdvals": (linalg.svdvals, [SQUARE]),
    "CubicSpline": (lambda y: interpolate.CubicSpline(beside(y, np.arange(7.0)), y)(0.5), [V]),
    "BSpline": (lambda y: interpolate.BSpline(beside(y, np.arange(10.0)), y, 2)(3.5), [V]),
    "RegularGridInterpolator": (lambda y: interpolate.RegularGridInterpolator((beside(y, np.arange(7.0)),), y)(0.5),
                                [V]),
    "pdist": (distance.pdist, [X]), "vq": (lambda x: vq.vq(x, x[:2])[1], [X]),
    "norm.logpdf": (stats.norm.logpdf, [V]), "gaussian_kde": (lambda x: stats.gaussian_kde(x)(0.5), [V]),
    "wasserstein_distance": (stats.wasserstein_distance, [V, W]),
    "theilslopes": (lambda y: stats.theilslopes(y)[0], [V]),
}


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_functions_say_that_they_lose_the_derivative(name):
    refuses(*COMPILED[name], "would lose its derivative|has no rule")


def test_plain_arrays_beside_traced_ones_are_refused_by_scipy_itself():
    # The standard does not mix libraries: data for a traced function is made by the namespace's asarray.
    words = "Multiple namespaces.*traced arrays, whose asarray takes plain ones"
    refuses(lambda x: special.logsumexp(x, b=W), [V], words)
    check(lambda x: special.logsumexp(x, b=beside(x, W)), [V])
