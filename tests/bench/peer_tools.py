"""What a user of Python would call instead of gk-twonn and gk-pca, on matrices made here.

    peer_tools.py make twonn|pca FILE   writes the matrix, f32, as .npy
    peer_tools.py twonn|pca FILE        prints seconds, the reading aside
"""
import sys
import time

import numpy as np

if sys.argv[1] == "make":
    r = np.random.RandomState(0)
    if sys.argv[2] == "twonn":  # 12 dimensions and noise in 768, as many points as pairs mod 97
        x = r.randn(9409, 12) @ r.randn(12, 768) + 0.1 * r.randn(9409, 768)
        np.save(sys.argv[3], x.astype("f4"))
    else:  # 400 checkpoints of the default network in layout openai
        x = np.lib.format.open_memmap(sys.argv[3], "w+", "f4", (400, 455424))
        axes = r.randn(5, 455424).astype("f4")
        for t in range(400):
            w = np.array([t / 400, np.sin(t / 40), np.cos(t / 25), (t / 400) ** 2, 1])
            x[t] = w.astype("f4") @ axes + 0.01 * r.randn(455424).astype("f4")
    sys.exit()

x = np.load(sys.argv[2])
if sys.argv[1] == "twonn":
    from sklearn.neighbors import NearestNeighbors

    begin = time.perf_counter()
    NearestNeighbors(n_neighbors=3, algorithm="brute").fit(x).kneighbors(x)
else:
    begin = time.perf_counter()
    m = x.astype("f8") - x[-1].astype("f8")
    np.linalg.eigh(m @ m.T)
print(f"{time.perf_counter() - begin:.3f}")
