"""The named workloads: shapes that every library is measured on, and how far ahead we must be."""
# SPDX-License-Identifier: BSD-3-Clause

from chainrule import bench
from chainrule.bench import MNIST, POLICY, Workload

ARTICLE = (4, 2, 2, 1)
LARGE = (1024, 4096, 4096, 1000)

SHORT = {each.name: each for each in bench.WORKLOADS}  # those of `chainrule bench`

TRAINING = (
    Workload("article", ARTICLE, 1, "sigmoid", "mse", "SGD", 1000),
    Workload("article32", ARTICLE, 32, "sigmoid", "mse", "SGD", 200),
    SHORT["policy"],
    SHORT["digits"],
    Workload("mnist", MNIST, 128, "relu", "cross_entropy", "SGD", 100),
    SHORT["mnist_adam"],
    Workload("tabular", (64, 512, 512, 512, 1), 256, "relu", "mse", "Adam", 40),
    Workload("large", LARGE, 1024, "relu", "cross_entropy", "SGD", 2),
    Workload("large_smallbatch", LARGE, 32, "relu", "cross_entropy", "Adam", 4),
    # Other shapes, so that the ones above are no special case.
    Workload("odd", (10, 46, 46, 10), 128, "relu", "mse", "Adam", 50),
    Workload("tall", (4, 32, 16, 4), 10_000, "tanh", "mse", "Adam", 4),
    Workload("control", (17, 256, 256, 6), 256, "tanh", "mse", "Adam", 40),
    Workload("square128", (128, 128, 128, 128), 128, "relu", "mse", "SGD", 50),
    Workload("deep", (64, 256, 256, 256, 10), 256, "relu", "cross_entropy", "SGD", 40),
    Workload("pyramid", (1444, 512, 256, 128, 64, 1), 128, "relu", "mse", "Adam", 40),
)

PREDICTION = (
    Workload("article_1", ARTICLE, 1, "sigmoid"),
    SHORT["policy_1"],
    Workload("policy_32", POLICY, 32, "tanh"),
    Workload("policy_1024", POLICY, 1024, "tanh"),
    SHORT["mnist_1"],
    Workload("mnist_32", MNIST, 32, "relu"),
    SHORT["mnist_1024"],
    Workload("small_1", (40, 100, 100, 10), 1, "relu"),
    SHORT["wide_1024"],
    Workload("large_1", LARGE, 1, "relu"),
    Workload("large_32", LARGE, 32, "relu"),
    Workload("large_1024", LARGE, 1024, "relu"),
)

# The best rival's time divided by ours that is wanted, by the name of the workload. Where that of a
# prediction was set as a time beside the best rival's, in microseconds, it is written as both.
WANTED = {
    "article": 1.5,
    "article32": 8,
    "policy": 3,
    "digits": 3,
    "mnist": 1.4,
    "mnist_adam": 1.5,
    "tabular": 1.2,
    "large": 1.15,
    "large_smallbatch": 2.5,
    "article_1": 6.4 / 1,
    "policy_1": 6.4 / 1,
    "policy_32": 12.5 / 3,
    "policy_1024": 140 / 80,
    "mnist_1": 14.4 / 7,
    "mnist_32": 87 / 75,
    "mnist_1024": 2276 / 2300,
    "large_1": 3165 / 2700,
    "large_32": 10280 / 9500,
    "large_1024": 276 / 250,
}
