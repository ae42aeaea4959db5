"""A transformer that writes: from each character of Shakespeare's sonnets to the next.

A model of language gives a probability to each character that may come next, and is trained by the surprise at the
one that came. Attention lets every place look at all places before it; two blocks of attention and of a small network
at each place are the whole model. `compact` makes layers of functions, so the model reads like its formula. Sonnets
that it hasn't seen say how much it learned: in bits for each character, beside those of counted pairs and triples.

    python examples/characters.py

After A. Vaswani et al., "Attention is all you need", NIPS 2017. The text: W. Shakespeare, Sonnets 1 to 76 (1609).
"""
from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

import arraylux as lux

CONTEXT, FEATURES, HEADS, BLOCKS = 64, 64, 4, 2
HERE = Path(__file__).parent


def data():
    """Return the characters that there are, and the numbers of those of the sonnets, of the first 68 and the rest."""
    sonnets = (HERE / "data" / "sonnets.txt").read_text(encoding="utf-8").split("\n\n")
    parts = ["\n\n".join(part) + "\n" for part in (sonnets[:68], sonnets[68:])]
    alphabet = sorted(set("".join(parts)))
    return alphabet, *[np.array([alphabet.index(c) for c in part]) for part in parts]


def block():
    """Make a layer: each place looks at those before it, then thinks about what it saw."""
    @lux.compact(attention_norm=lux.LayerNorm(FEATURES), norm=lux.LayerNorm(FEATURES),
                 attention=lux.MultiHeadAttention(FEATURES, nheads=HEADS, is_causal=True),
                 network=lux.Chain(lux.Dense(FEATURES, 4 * FEATURES, lux.gelu), lux.Dense(4 * FEATURES, FEATURES),
                                   lux.Dropout(0.1)))
    def block(x, *, attention_norm, attention, norm, network):
        seen, _ = attention(attention_norm(x))
        x = x + seen
        return x + network(norm(x))
    return block


def transformer(size):
    """Make the model: numbers of characters (batch, places) to logits of the next ones (batch, places, size)."""
    def small(rng, shape):
        return lux.initializers.truncated_normal(rng, shape, std=0.02)

    @lux.compact(characters=lux.Embedding(size, FEATURES, init_weight=small),
                 places=lux.Embedding(CONTEXT, FEATURES, init_weight=small),
                 blocks=[block() for _ in range(BLOCKS)],
                 norm=lux.LayerNorm(FEATURES), head=lux.Dense(FEATURES, size))
    def transformer(x, *, characters, places, blocks, norm, head):
        y = characters(x) + places(np.arange(x.shape[1]))
        for block in blocks:
            y = block(y)
        return head(norm(y))
    return transformer


def windows(text, starts):
    """Return stretches of text (batch, CONTEXT), and the same moved on by one."""
    places = np.asarray(starts)[:, None] + np.arange(CONTEXT + 1)
    return text[places[:, :-1]], text[places[:, 1:]]


def bits(model, ps, st, text):
    """Return the surprise at text in bits for each character, none seen with less than half of the context."""
    x, y = windows(text, range(0, len(text) - CONTEXT, CONTEXT // 2))
    logits, _ = model(x, ps, lux.testmode(st))
    half = CONTEXT // 2
    return float(lux.CrossEntropyLoss(logits=True)(logits[:, half:], y[:, half:])) / np.log(2)


def counted(train, test, size, n):
    """Return the bits of a model that counts stretches of n characters, with some weight on those of n - 1."""
    places = range(CONTEXT // 2 + 1, len(test))
    p = np.full(len(places), 1 / size)
    for k in range(1, n + 1):
        whole = Counter(tuple(train[i:i + k]) for i in range(len(train) - k))
        begun = Counter(tuple(train[i:i + k - 1]) for i in range(len(train) - k))
        found = [tuple(test[i - k + 1:i + 1]) for i in places]
        p = np.array([(whole[f] + 5 * q) / (begun[f[:-1]] + 5) for f, q in zip(found, p, strict=True)])
    return -np.mean(np.log2(p))


def train(model, ps, st, rng, text, test, steps):
    tstate = lux.training.TrainState(model, ps, st, lux.optimisers.AdamW(3e-3, lambda_=0.1))
    schedule = lux.schedules.warmup(lux.schedules.cosine(3e-3, steps), steps // 20 + 1)
    loss = lux.CrossEntropyLoss(logits=True)
    for step in range(steps):
        batch = windows(text, rng.integers(0, len(text) - CONTEXT, 16))
        tstate = lux.training.adjust(tstate, schedule(step))
        _, value, _, tstate = lux.training.single_train_step(lux.AutoTape(), loss, batch, tstate)
        if step % (steps // 10 or 1) == 0 or step == steps - 1:
            print(f"step {step:5}: {float(value) / np.log(2):.3f} bits, of new sonnets "
                  f"{bits(model, tstate.parameters, tstate.states, test):.3f}")
    return tstate


def write(model, ps, st, rng, alphabet, start, length, temperature=0.7):
    """Return a text that goes on from a start, each character drawn from the model's probabilities."""
    text = [alphabet.index(c) for c in start]
    for _ in range(length):
        logits, _ = model(np.array([text[-CONTEXT:]]), ps, lux.testmode(st))
        p = lux.softmax(logits[0, -1].astype(np.float64) / temperature)
        text.append(int(rng.choice(len(alphabet), p=p)))
    return "".join(alphabet[i] for i in text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=2000)
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    alphabet, text, test = data()
    model = transformer(len(alphabet))
    print(f"{len(text)} characters of {len(alphabet)} kinds; {lux.parameterlength(model):,} parameters")
    tstate = train(model, *lux.setup(rng, model), rng, text, test, args.steps)
    ps, st = tstate.parameters, tstate.states

    print(f"bits for each character of new sonnets: {bits(model, ps, st, test):.3f}; by counting",
          ", ".join(f"{name} {counted(text, test, len(alphabet), n):.3f}"
                    for n, name in enumerate(("characters", "pairs", "triples", "fours"), 1)))
    print("\n" + write(model, ps, st, rng, alphabet, "Shall I compare thee", 400))


if __name__ == "__main__":
    main()
