"""The page for those who come from Lux: every name that they know is on it, and what it says is there is there."""
import functools
import re
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

import arraylux as lux

PAGE = (Path(__file__).parent.parent / "docs" / "from_lux.md").read_text(encoding="utf-8")

# The public names of Lux 1.x and its neighbours, from their manuals. The letter \u03c3 is a small sigma.
NAMES = {
    "Lux": """
        Chain Parallel SkipConnection PairwiseFusion BranchLayer Maxout RepeatedLayer AlternatePrecision Bilinear Dense
        Scale Embedding SinusoidalPositionalEmbedding RotaryPositionalEmbedding Conv ConvTranspose Upsample PixelShuffle
        SamePad MaxPool MeanPool LPPool GlobalMaxPool GlobalMeanPool GlobalLPPool AdaptiveMaxPool AdaptiveMeanPool
        AdaptiveLPPool AlphaDropout Dropout VariationalHiddenDropout BatchNorm GroupNorm InstanceNorm LayerNorm RMSNorm
        WeightNorm MultiHeadAttention NoOpLayer ReshapeLayer SelectDim FlattenLayer WrappedFunction ReverseSequence
        RNNCell LSTMCell GRUCell Recurrence StatefulRecurrentCell BidirectionalRNN TimeLastIndex BatchLastIndex
        StatefulLuxLayer CompactLuxLayer @compact @init_fn @non_trainable FluxLayer SimpleChainsLayer FromFluxAdaptor
        ToSimpleChainsAdaptor apply_rotary_embedding compute_rotary_embedding_params AbstractLuxLayer
        AbstractLuxContainerLayer AbstractLuxWrapperLayer initialparameters initialstates parameterlength statelength
        outputsize setup apply stateless_apply testmode trainmode update_state replicate preserves_state_type
        contains_lux_layer check_fmap_condition display_name jacobian_vector_product vector_jacobian_product
        batched_jacobian AutoEnzyme AutoForwardDiff AutoMooncake AutoReactant AutoReverseDiff AutoTracker AutoZygote
        TrainState compute_gradients apply_gradients apply_gradients! single_train_step single_train_step!
        Optimisers.adjust! f16 f32 f64 bf16 match_eltype recursive_eltype recursive_map recursive_add!!
        recursive_copyto! recursive_make_zero recursive_make_zero!! xlogx xlogy getproperty eachslice foldl_init
        multigate istraining rsqrt set_dispatch_doctor_preferences! automatic_nested_ad_switching precision_config
        cuda_aware_mpi rocm_aware_mpi eltype_mismatch_handling instability_check disable_loop_vectorization
        export_as_tf_saved_model freeze unfreeze FrozenLayer layer_map share_parameters DebugLayer @debug_mode MSELoss
        L2Loss MAELoss L1Loss HuberLoss MSLELoss BinaryCrossEntropyLoss BinaryFocalLoss CrossEntropyLoss FocalLoss
        DiceCoeffLoss HingeLoss SquaredHingeLoss KLDivergenceLoss PoissonLoss SiameseContrastiveLoss
        GenericLossFunction""",
    "LuxLib": """
        fast_activation fast_activation!! bias_activation bias_activation!! fused_dense_bias_activation
        fused_conv_bias_activation batched_matmul scaled_dot_product_attention batchnorm groupnorm instancenorm
        layernorm dropout alpha_dropout internal_operation_mode""",
    "NNlib": """
        identity \u03c3 sigmoid sigmoid_fast hard\u03c3 hardsigmoid log\u03c3 logsigmoid hardtanh tanh_fast relu
        relu6 leakyrelu rrelu elu celu gelu gelu_tanh gelu_sigmoid gelu_erf swish hardswish lisht mish selu trelu
        thresholdrelu softsign softplus logcosh tanhshrink softshrink glu softmax softmax! logsoftmax logsoftmax!
        ∇softmax ∇logsoftmax logsumexp conv conv! ∇conv_data ∇conv_filter depthwiseconv ConvDims DenseConvDims
        DepthwiseConvDims conv_bias_act bias_act! unfold fold maxpool meanpool lpnormpool PoolDims ∇maxpool ∇meanpool
        ∇lpnormpool pad_zeros pad_constant pad_reflect pad_symmetric pad_circular pad_repeat upsample_nearest
        upsample_linear upsample_bilinear upsample_trilinear ∇upsample_nearest ∇upsample_linear ∇upsample_bilinear
        ∇upsample_trilinear pixel_shuffle dot_product_attention dot_product_attention_scores make_causal_mask
        batched_mul batched_mul! batched_adjoint batched_transpose batched_vec gather gather! scatter scatter!
        grid_sample ∇grid_sample imrotate ∇imrotate ctc_loss dropout dropout! within_gradient fast_act stft istft
        spectrogram melscale_filterbanks hann_window hamming_window power_to_db db_to_power""",
    "WeightInitializers": "glorot_uniform glorot_normal kaiming_uniform kaiming_normal truncated_normal orthogonal "
        "sparse_init identity_init " + " ".join(f"{kind}{dtype}" for kind in ("zeros", "ones", "rand", "randn")
                                                for dtype in ("16", "32", "64", "C16", "C32", "C64")),
    "MLDataDevices": """
        cpu_device gpu_device reactant_device CPUDevice CUDADevice AMDGPUDevice MetalDevice oneAPIDevice OpenCLDevice
        ReactantDevice XLADevice UnknownDevice functional loaded get_device get_device_type default_device_rng
        set_device! reset_gpu_device! supported_gpu_backends gpu_backend! isleaf DeviceIterator LuxCUDA.functional
        cu""",
    "Optimisers": """
        Descent Momentum Nesterov RMSProp Rprop Adam AdamW RAdam AdaMax OAdam NAdam AMSGrad AdaGrad AdaDelta AdaBelief
        Lion WeightDecay SignDecay ClipGrad ClipNorm OptimiserChain AccumGrad MixedPrecision setup update update!
        freeze! thaw! adjust adjust! destructure trainables trainable isnumeric maywrite KeyPath getkeypath haskeypath
        Functors.fmap fmap_with_path fleaves init apply! @def @.. @lazy""",
    "DistributedUtils": """
        MPIBackend NCCLBackend initialize initialized get_distributed_backend local_rank total_workers bcast!
        allreduce! reduce! synchronize!! DistributedDataContainer DistributedOptimizer""",
}


def rows():
    """Yield package, names, what is here (None: nothing) and the remark of each row of the page's tables."""
    package = None
    for line in PAGE.splitlines():
        if line.startswith("## "):
            package = line[3:]
        elif line.startswith("| `"):
            theirs, ours, remark = (cell.strip() for cell in line.strip("|").split(" | "))
            names, places = (re.findall(r"`(.+?)`", cell) for cell in (theirs, ours))
            if names[1:] == ["TrainState"]:                         # "`adjust!` on a `TrainState`"
                names = names[:1]
            if ours == "not there":
                places = None
            elif places[0].endswith("…"):
                places = [places[0].removesuffix("…") + name for name in names]
            yield package, names, places, remark.strip("| ")


ROWS = list(rows())
HERE = [(package, name, place) for package, names, places, _ in ROWS if places
        for name, place in zip(names, places, strict=True)]
GONE = [(name, remark) for _, names, places, remark in ROWS if places is None for name in names]


@pytest.mark.parametrize("package", NAMES)
def test_every_name_is_on_the_page_once(package):
    found = [name for section, names, _, _ in ROWS if section == package for name in names]
    assert sorted(found) == sorted(NAMES[package].split())


@pytest.fixture(scope="module")
def known():
    """What the code on the page may name."""
    rng = np.random.default_rng(0)
    model = lux.Dense(3, 2)
    ps, st = lux.setup(rng, model)
    return {"lux": lux, "functools": functools, "x": np.ones((2, 3), np.float32), "weight": np.ones((3, 3)),
            "bias": np.ones(3), "f": lambda x, *rest: np.sum(x) + 0 * x, "model": model, "ps": ps, "st": st,
            "images": rng.standard_normal((1, 2, 4, 4)), "kernel": rng.standard_normal((3, 2, 3, 3)),
            "grid": np.zeros((1, 3, 3, 2))}


@pytest.mark.parametrize(("package", "name", "place"), HERE)
def test_what_the_page_names_is_there(package, name, place, known):
    if re.fullmatch(r"lux(\.\w+)+", place):
        assert callable(attrgetter(place.removeprefix("lux."))(lux))
    else:
        assert eval(place, known) is not None


@pytest.mark.parametrize(("name", "reason"), GONE)
def test_what_is_not_there_has_a_reason(name, reason):
    plain = name.strip("@!.")
    assert len(reason.split()) >= 3
    assert not any(hasattr(module, plain) for module in (lux, lux.nn, lux.optimisers, lux.initializers, lux.training)
                   if plain)


def test_the_reason_is_read_from_the_page():
    assert GONE[0][0] == "FluxLayer" and "PyTorch" in GONE[0][1]
    assert ("NNlib", "\u03c3", "lux.sigmoid") in HERE and ("NNlib", "relu", "lux.relu") in HERE
