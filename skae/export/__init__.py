"""Fitted estimators for where there is no Python, or no JAX: ONNX and StableHLO.

Estimators give a pure function of JAX and the length of its samples (`portable`). It is traced with a
free number of samples, and the trace is written. For ONNX each primitive of JAX has a rule, in a file
by what it does: `elementwise`, `reductions`, `rearranging`, `indexing`, `products`, `loops`.
"""
