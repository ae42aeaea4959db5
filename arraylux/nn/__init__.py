"""Functions on arrays that networks are made of: activations, the affine map, dropout, convolutions, sound.

They hold no parameters and keep no state; the layers, which do, call them.
"""
from typing import TYPE_CHECKING

from ..late import loader
from .activations import (
    celu,
    elu,
    gelu,
    gelu_erf,
    gelu_sigmoid,
    gelu_tanh,
    hardsigmoid,
    hardswish,
    hardtanh,
    identity,
    leakyrelu,
    lisht,
    log_softmax,
    logcosh,
    logsigmoid,
    logsoftmax,
    logsumexp,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    sigmoid_fast,
    softmax,
    softplus,
    softshrink,
    softsign,
    swish,
    tanh,
    tanh_fast,
    tanhshrink,
    thresholdrelu,
    trelu,
)
from .dense import fused_dense
from .dropout import alpha_dropout, dropout
from .operations import multigate, rsqrt, within_gradient, xlogx, xlogy

if TYPE_CHECKING:
    from .adaptive import adaptive_lpnormpool, adaptive_maxpool, adaptive_meanpool
    from .attention import (
        dot_product_attention,
        dot_product_attention_scores,
        make_causal_mask,
        scaled_dot_product_attention,
    )
    from .audio import (
        db_to_power,
        hamming_window,
        hann_window,
        istft,
        melscale_filterbanks,
        power_to_db,
        spectrogram,
        stft,
    )
    from .batched import batched_adjoint, batched_matmul, batched_transpose, batched_vec
    from .convolution import conv, conv_transpose
    from .ctc import ctc_loss
    from .folding import fold, unfold
    from .gated import glu, rrelu
    from .gathering import gather, scatter
    from .normalisation import batchnorm, groupnorm, instancenorm, layernorm, rmsnorm
    from .padding import pad_circular, pad_constant, pad_reflect, pad_repeat, pad_symmetric, pad_zeros
    from .pooling import lpnormpool, maxpool, meanpool
    from .positions import apply_rotary_embedding, compute_rotary_embedding_params
    from .products import bilinear
    from .resizing import pixel_shuffle, upsample_bilinear, upsample_linear, upsample_nearest, upsample_trilinear
    from .rotating import imrotate
    from .sampling import grid_sample

_CHAPTERS = {
    "adaptive": ("adaptive_lpnormpool", "adaptive_maxpool", "adaptive_meanpool"),
    "attention": (
        "dot_product_attention", "dot_product_attention_scores", "make_causal_mask", "scaled_dot_product_attention",
    ),
    "audio": (
        "db_to_power", "hamming_window", "hann_window", "istft", "melscale_filterbanks", "power_to_db", "spectrogram",
        "stft",
    ),
    "batched": ("batched_adjoint", "batched_matmul", "batched_transpose", "batched_vec"),
    "convolution": ("conv", "conv_transpose"),
    "ctc": ("ctc_loss",),
    "folding": ("fold", "unfold"),
    "gated": ("glu", "rrelu"),
    "gathering": ("gather", "scatter"),
    "normalisation": ("batchnorm", "groupnorm", "instancenorm", "layernorm", "rmsnorm"),
    "padding": ("pad_circular", "pad_constant", "pad_reflect", "pad_repeat", "pad_symmetric", "pad_zeros"),
    "pooling": ("lpnormpool", "maxpool", "meanpool"),
    "positions": ("apply_rotary_embedding", "compute_rotary_embedding_params"),
    "products": ("bilinear",),
    "resizing": ("pixel_shuffle", "upsample_bilinear", "upsample_linear", "upsample_nearest", "upsample_trilinear"),
    "rotating": ("imrotate",),
    "sampling": ("grid_sample",),
}
__getattr__ = loader(__name__, _CHAPTERS)

__all__ = [
    "adaptive_lpnormpool", "adaptive_maxpool", "adaptive_meanpool", "alpha_dropout", "apply_rotary_embedding",
    "batched_adjoint", "batched_matmul", "batched_transpose", "batched_vec", "batchnorm", "bilinear", "celu",
    "compute_rotary_embedding_params", "conv", "conv_transpose", "ctc_loss", "db_to_power", "dot_product_attention",
    "dot_product_attention_scores", "dropout", "elu", "fold", "fused_dense", "gather", "gelu", "gelu_erf",
    "gelu_sigmoid", "gelu_tanh", "glu", "grid_sample", "groupnorm", "hamming_window", "hann_window", "hardsigmoid",
    "hardswish", "hardtanh", "identity", "imrotate", "instancenorm", "istft", "layernorm", "leakyrelu", "lisht",
    "log_softmax", "logcosh", "logsigmoid", "logsoftmax", "logsumexp", "lpnormpool", "make_causal_mask", "maxpool",
    "meanpool", "melscale_filterbanks", "mish", "multigate", "pad_circular", "pad_constant", "pad_reflect",
    "pad_repeat", "pad_symmetric", "pad_zeros", "pixel_shuffle", "power_to_db", "relu", "relu6", "rmsnorm", "rrelu",
    "rsqrt", "scaled_dot_product_attention", "scatter", "selu", "sigmoid", "sigmoid_fast", "softmax", "softplus",
    "softshrink", "softsign", "spectrogram", "stft", "swish", "tanh", "tanh_fast", "tanhshrink", "thresholdrelu",
    "trelu", "unfold", "upsample_bilinear", "upsample_linear", "upsample_nearest", "upsample_trilinear",
    "within_gradient", "xlogx", "xlogy",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
