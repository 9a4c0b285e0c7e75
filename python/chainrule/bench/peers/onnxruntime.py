"""ONNX Runtime, to predict: the network as a graph of Gemm and activations. Needs onnx, too."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chainrule._numpy_network import views

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule._numpy_network import Floats
    from chainrule.bench.peers import Training
    from chainrule.bench.workload import Data, Workload

onnx = import_module("onnx")
onnxruntime = import_module("onnxruntime")

OPERATORS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softmax": "Softmax"}


def graph(workload: Workload, parameters: Floats) -> bytes:
    """Return the network as the bytes of an ONNX model: "x" (batch, n_in) to "s"."""
    make, floats = onnx.helper, onnx.TensorProto.FLOAT
    nodes, weights, a = [], [], "x"
    layers = views(workload.layers, parameters)
    for i, (W, b) in enumerate(layers, start=1):
        f = workload.output if i == len(layers) else workload.activation
        weights += [onnx.numpy_helper.from_array(array, name + str(i))
                    for name, array in (("W", W), ("b", b))]  # fmt: skip
        nodes.append(make.make_node("Gemm", [a, f"W{i}", f"b{i}"], [f"z{i}"]))
        a = f"z{i}"
        if f in OPERATORS:
            nodes.append(make.make_node(OPERATORS[f], [a], [f"a{i}"]))
            a = f"a{i}"
    x = make.make_tensor_value_info("x", floats, ["batch", workload.layers[0]])
    s = make.make_tensor_value_info(a, floats, ["batch", workload.layers[-1]])
    opset = [make.make_opsetid("", 17)]
    model = make.make_model(make.make_graph(nodes, "network", [x], [s], weights),
                            opset_imports=opset, ir_version=10)  # fmt: skip
    serialized: bytes = model.SerializeToString()
    return serialized


def versions() -> dict[str, str]:
    return {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}


def training_step(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Training | None:
    return None


def inference(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Callable[[], Floats] | None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    run: Any = onnxruntime.InferenceSession(
        graph(workload, data.parameters), options, providers=["CPUExecutionProvider"]
    ).run
    x = data.x

    def predict() -> Floats:
        s: Floats = run(None, {"x": x})[0]
        return s

    return predict
