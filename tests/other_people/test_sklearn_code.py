"""scikit-learn's metrics and estimators on traced arrays, by its own switch for arrays that are not NumPy's."""
from __future__ import annotations

import numpy as np
import pytest
from differentiated import beside, check, refuses

import arraylux as lux

sklearn = pytest.importorskip("sklearn", minversion="1.8")
decomposition = pytest.importorskip("sklearn.decomposition")
lda = pytest.importorskip("sklearn.discriminant_analysis")
linear_model = pytest.importorskip("sklearn.linear_model")
metrics = pytest.importorskip("sklearn.metrics")
naive_bayes = pytest.importorskip("sklearn.naive_bayes")
pairwise = pytest.importorskip("sklearn.metrics.pairwise")
preprocessing = pytest.importorskip("sklearn.preprocessing")
extmath = pytest.importorskip("sklearn.utils.extmath")

RNG = np.random.default_rng(1)
X, Y = RNG.uniform(0.5, 2.0, (6, 3)), RNG.uniform(0.5, 2.0, (6, 3))
V, W, P = RNG.uniform(0.5, 2.0, 7), RNG.uniform(0.5, 2.0, 7), RNG.uniform(0.1, 0.9, 6)
DATA, LABELS = RNG.normal(size=(12, 3)), np.arange(12) % 2
TARGETS = DATA[:, 0] + DATA[:, 1] ** 2


@pytest.fixture(autouse=True)
def dispatch():
    """scikit-learn's switch, and NumPy's 0 / 0, which it silences itself only where it knows the namespace."""
    with sklearn.config_context(array_api_dispatch=True), np.errstate(divide="ignore", invalid="ignore"):
        yield


def ridge(x, y):
    fitted = linear_model.Ridge(solver="svd", alpha=0.5).fit(x, y)
    return fitted.coef_, fitted.intercept_, fitted.predict(x)


def principal(x, **how):
    fitted = decomposition.PCA(**how).fit(x)
    return fitted.explained_variance_, fitted.transform(x) ** 2         # squared, since the signs are arbitrary


def separating(x):
    fitted = lda.LinearDiscriminantAnalysis().fit(x, beside(x, LABELS))
    return fitted.coef_, fitted.predict_proba(x)


def per_output(metric):
    return lambda y, prediction: metric(y, prediction, multioutput="raw_values")


def kernel(name):
    return lambda x, y: getattr(pairwise, name)(x, y)


METRICS = {name: (per_output(getattr(metrics, name)), [X, Y]) for name in (
    "mean_squared_error", "root_mean_squared_error", "mean_squared_log_error", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_pinball_loss", "r2_score", "explained_variance_score")}
PAIRWISE = {name: (kernel(name), [X, Y]) for name in (
    "linear_kernel", "polynomial_kernel", "rbf_kernel", "sigmoid_kernel", "laplacian_kernel", "chi2_kernel",
    "additive_chi2_kernel", "cosine_similarity", "cosine_distances", "euclidean_distances", "manhattan_distances",
    "paired_euclidean_distances", "paired_manhattan_distances", "paired_cosine_distances", "pairwise_distances")}
SCALED = {name: (lambda x, name=name: getattr(preprocessing, name)().fit_transform(x), [X]) for name in (
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "Normalizer", "PolynomialFeatures")}
ESTIMATORS = {
    "Ridge": (ridge, [DATA, TARGETS]), "PCA": (lambda x: principal(x, svd_solver="full"), [DATA]),
    "PCA by the covariance": (lambda x: principal(x, svd_solver="covariance_eigh"), [DATA]),
    "LinearDiscriminantAnalysis": (separating, [DATA]),
    "GaussianNB": (lambda x: naive_bayes.GaussianNB().fit(x, beside(x, LABELS)).predict_joint_log_proba(x), [DATA]),
    "KernelCenterer": (lambda x: preprocessing.KernelCenterer().fit_transform(x @ x.T), [X]),
    "normalize": (lambda x: preprocessing.normalize(x, norm="l1"), [DATA]),
    "randomized_svd": (lambda x: extmath.randomized_svd(x, 2, power_iteration_normalizer="QR", random_state=0)[1],
                       [DATA]),
}
DIFFERENTIATED = {**METRICS, **PAIRWISE, **SCALED, **ESTIMATORS}


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_scikit_learns_functions_are_differentiable(name):
    check(*DIFFERENTIATED[name])


def test_the_gradient_of_a_fit():
    # Of ridge regression without an intercept, w = (X'X + a)^-1 X'y, the derivative by y is that matrix.
    def weights(y):
        model = linear_model.Ridge(solver="svd", alpha=0.5, fit_intercept=False)
        return model.fit(beside(y, DATA), y).coef_

    expected = np.linalg.solve(DATA.T @ DATA + 0.5 * np.eye(3), DATA.T)
    np.testing.assert_allclose(lux.jacobian(weights)(TARGETS), expected, rtol=1e-10, atol=1e-13)


# --- what ends in a Python number has no derivative, and says so ------------------------------------------------------
NUMBERS = {
    **{name: (getattr(metrics, name), [V, W]) for name in (
        "mean_squared_error", "mean_absolute_error", "r2_score", "mean_poisson_deviance", "mean_gamma_deviance",
        "d2_tweedie_score", "max_error")},
    "log_loss": (lambda p: metrics.log_loss(beside(p, LABELS[:6]), p), [P]),
    "brier_score_loss": (lambda p: metrics.brier_score_loss(beside(p, LABELS[:6]), p), [P]),
    "LogisticRegression": (lambda x: linear_model.LogisticRegression().fit(x, beside(x, LABELS)).coef_, [DATA]),
}
COMPILED = {
    "LinearRegression": (lambda x: linear_model.LinearRegression().fit(x, beside(x, TARGETS)).coef_, [DATA]),
    "scale": (preprocessing.scale, [X]),
    "PowerTransformer": (lambda x: preprocessing.PowerTransformer().fit_transform(x), [X]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_python_numbers_say_that_they_lose_the_derivative(name):
    refuses(*NUMBERS[name], r"float\(\) of a traced array would lose its derivative")


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_functions_say_that_they_lose_the_derivative(name):
    refuses(*COMPILED[name], "a NumPy array of a traced array would lose its derivative")
