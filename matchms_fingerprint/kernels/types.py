"""Names for the arrays that kernels take and return."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating[Any]]
IntArray: TypeAlias = NDArray[np.integer[Any]]
WordArray: TypeAlias = NDArray[np.uint64]
