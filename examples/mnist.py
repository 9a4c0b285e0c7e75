"""Learn MNIST: ``python examples/mnist.py --data DIR``, where DIR holds the four IDX files."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from time import perf_counter

import numpy as np

import chainrule as cr


def load_idx(path: str | Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzip or plain.

    The format: two zero bytes, the type (8: unsigned byte), the number of dimensions, each
    dimension as a big-endian 32-bit number, then the values, the last index fastest.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    ndarray of uint8
        Read-only.

    Raises
    ------
    ValueError
        If the file is none of this kind, is cut short, or holds more than it says.
    """
    content = Path(path).read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path}: damaged gzip file: {error}") from error
    if content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * content[3]:
        raise ValueError(f"{path}: no IDX file of unsigned bytes, it begins {content[:4]!r}")
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])
    if values.size != math.prod(shape):
        raise ValueError(f"{path}: {values.size} bytes of values, but the shape is {shape}")
    return values.reshape(shape)


def load_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Load "train" or "t10k": images (n, 784), float32 from 0 to 1, and labels (n,)."""
    images, labels = (
        load_idx(next((p for p in (path, path.with_suffix(".gz")) if p.exists()), path))
        for path in (folder / f"{part}-images-idx3-ubyte", folder / f"{part}-labels-idx1-ubyte")
    )
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise ValueError(f"{folder}: {part} images {images.shape} and labels {labels.shape}")
    # `fit` would take the bytes as they are, batch by batch, but 0 to 255 is no scale to learn on.
    return images.reshape(len(images), -1) / np.float32(255), labels


def main() -> None:
    """Load, train, and test."""
    parser = argparse.ArgumentParser(description="Train 784-256-128-10 on MNIST.")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        default=os.environ.get("CHAINRULE_DATA") or None,
        help="folder with train-images-idx3-ubyte[.gz] and the other three files "
        "(default: $CHAINRULE_DATA)",
    )
    parser.add_argument("--epochs", type=int, default=6, help="(default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=128, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    args = parser.parse_args()
    if min(args.epochs, args.batch_size) < 1:
        parser.error("--epochs and --batch-size are 1 or more")
    if args.data is None:
        parser.error("where is the data? Give --data DIR or set $CHAINRULE_DATA")
    try:
        x, y = load_part(args.data, "train")
        x_test, y_test = load_part(args.data, "t10k")
    except (OSError, ValueError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")

    net = cr.Network(
        [cr.Input(784), cr.Dense(256, "relu"), cr.Dense(128, "relu"), cr.Dense(10, "softmax")],
        loss="cross_entropy",
        rng=args.seed,
    )
    print(net)
    adam = cr.Adam()
    start = perf_counter()
    for epoch in range(args.epochs):
        adam.learning_rate = 1e-3 * (1 - epoch / args.epochs)  # ever smaller steps, to settle
        history = net.fit(x, y, optimizer=adam, batch_size=args.batch_size)
        print(
            f"epoch {epoch + 1:2}   cost {history.cost[0]:.4f}   {history.seconds:.2f} s",
            flush=True,
        )
    print(f"trained in {perf_counter() - start:.2f} s")
    print(f"test accuracy {np.mean(net.predict(x_test).argmax(axis=1) == y_test):.2%}")


if __name__ == "__main__":
    main()
