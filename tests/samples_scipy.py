"""Samples of the special functions that SciPy has, and the calls of its ufuncs that are tried on traced arrays."""
from __future__ import annotations

from typing import Any

import numpy as np
from domains import Sample, anything, between, exactly, nonzero, positive

small, tall = between(0.1, 0.9), between(1.2, 3.0)


def one(domain: Any, *points: float) -> list[Sample]:
    """An argument of two shapes, of no elements, and at chosen points."""
    return [Sample((domain(*shape),), {}) for shape in ((2, 3), (), (0, 2))] + [
        Sample((exactly(point),), {}) for point in points]


def two(left: Any, right: Any, number: float = 1.5) -> list[Sample]:
    """Two arguments that broadcast, and each beside a Python number."""
    return [Sample((left(2, 1), right(3)), {}), Sample((left(), right(2)), {}), Sample((left(0, 2), right(2)), {}),
            Sample((left(2), number), {}), Sample((number, right(2)), {})]


def last(*orders: Any, domain: Any, shape: tuple[int, ...] = (2, 3)) -> list[Sample]:
    """A function of orders, which are constants, and of one argument."""
    return [Sample((*orders, domain(*shape)), {}), Sample((*orders[:-1], np.asarray(orders[-1]), domain()), {})]


SCIPY: dict[str, list[Sample]] = {
    "gamma": one(positive, -0.5), "rgamma": one(positive, -0.5), "beta": two(positive, positive),
    "betaln": two(positive, positive), "binom": two(tall, small, 1.4), "poch": two(positive, positive),
    "gammainc": last(1.5, domain=positive), "gammaincc": last(2.0, domain=positive),
    "betainc": last(1.5, 2.5, domain=small), "zeta": last(2.5, domain=positive),
    "log_ndtr": one(anything, -20.0), "ndtri": one(small), "ndtri_exp": one(between(-2.0, -0.2)),
    "erfcx": one(anything, 20.0), "erfi": one(anything), "erfcinv": one(small, 1.5), "dawsn": one(anything),
    "owens_t": two(anything, anything),
    "xlogy": two(positive, positive), "xlog1py": two(positive, positive), "entr": one(positive),
    "rel_entr": two(positive, positive), "kl_div": two(positive, positive),
    "huber": two(between(0.2, 0.4), nonzero, 0.25), "pseudo_huber": two(positive, anything),
    "boxcox": [*two(tall, small), Sample((tall(3), exactly(0.5, 0.0, -1.0)), {}, wrt=(0,))],
    "boxcox1p": two(positive, small), "inv_boxcox": two(positive, small, 0.5),
    "inv_boxcox1p": two(positive, small, 0.5),
    "j0": one(anything), "j1": one(anything, 0.0), "y0": one(positive), "y1": one(positive), "i0": one(anything),
    "i1": one(anything, 0.0), "i0e": one(nonzero), "i1e": one(nonzero), "k0": one(positive), "k1": one(positive),
    "k0e": one(positive), "k1e": one(positive),
    "jv": last(1.5, domain=positive), "yv": last(0.5, domain=positive), "iv": last(1.5, domain=positive),
    "kv": last(1.5, domain=positive), "yn": last(2, domain=positive), "kn": last(2, domain=positive),
    "exp1": one(positive), "expi": one(positive, -0.7), "expn": last(3, domain=positive),
    "spence": one(positive, 2.5), "ellipk": one(small, -0.5), "ellipe": one(small, -0.5),
    "wrightomega": one(anything), "sindg": one(anything), "cosdg": one(anything), "tandg": one(anything),
    "cotdg": one(between(30.0, 60.0)), "cosm1": one(anything), "exp10": one(anything),
    "hyp0f1": last(1.5, domain=anything), "hyp1f1": last(1.5, 2.5, domain=anything),
    "hyp2f1": last(0.5, 1.5, 2.5, domain=small),
    "exprel": [Sample((anything(*shape),), {"order": order}) for shape, order in (((2, 3), 0), ((), 1), ((0, 2), 0))]
    + [Sample((exactly(0.0, 1e-6),), {"order": 0})],
}
