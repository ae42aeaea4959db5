"""arraylux: Lux for everyone who has NumPy.

Neural networks as pure functions over the Array API standard, with hand-written derivatives in both modes.
"""
from . import initializers as initializers
from . import optimisers as optimisers
from . import protocols as protocols
from . import random as random
from . import testing as testing
from . import tree as tree
from .component import ComponentArray as ComponentArray
from .namespace import array_namespace as array_namespace
from .random import replicate as replicate
from .saving import load as load
from .saving import save as save
from .tracer.core import constant as constant
from .transforms.backends import AutoDual as AutoDual
from .transforms.backends import AutoTape as AutoTape
from .transforms.backends import jacobian_vector_product as jacobian_vector_product
from .transforms.backends import vector_jacobian_product as vector_jacobian_product
from .transforms.custom import checkpoint as checkpoint
from .transforms.custom import custom_jvp as custom_jvp
from .transforms.custom import custom_vjp as custom_vjp
from .transforms.custom import stop_gradient as stop_gradient
from .transforms.forward import jvp as jvp
from .transforms.jacobians import hessian as hessian
from .transforms.jacobians import hvp as hvp
from .transforms.jacobians import jacobian as jacobian
from .transforms.reverse import grad as grad
from .transforms.reverse import value_and_grad as value_and_grad
from .transforms.reverse import vjp as vjp
