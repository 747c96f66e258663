"""Export of fitted estimators to ONNX and StableHLO, for deployment without Python or skae.

An estimator provides a pure JAX function with its weights bound and the width of its input
(`portable`). The function is traced with a symbolic number of samples, and the trace is written to
a file. For ONNX, each JAX primitive has a conversion rule. Rules are grouped by kind:
`elementwise`, `reductions`, `rearranging`, `indexing`, `products`, `loops`.
"""
