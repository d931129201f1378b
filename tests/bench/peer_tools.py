"""What a user of Python would call instead of gk-twonn and gk-pca, on matrices made here.

    peer_tools.py make twonn|pca FILE      writes the matrix, f32, as .npy
    peer_tools.py search|skdim|mle|numpy|scipy FILE   prints seconds, the reading aside

search is scikit-learn's brute-force search of two neighbours, which any TwoNN needs, alone; skdim and mle are
scikit-dimension's TwoNN and maximum likelihood; numpy and scipy are the Gram matrix in double and its eigenvectors.
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
if sys.argv[1] == "search":
    from sklearn.neighbors import NearestNeighbors

    begin = time.perf_counter()
    NearestNeighbors(n_neighbors=3, algorithm="brute").fit(x).kneighbors(x)
elif sys.argv[1] in ("skdim", "mle"):
    import skdim

    method = skdim.id.TwoNN() if sys.argv[1] == "skdim" else skdim.id.MLE()
    begin = time.perf_counter()
    method.fit(x)
else:
    import scipy.linalg

    begin = time.perf_counter()
    m = x.astype("f8") - x[-1].astype("f8")
    (np.linalg.eigh if sys.argv[1] == "numpy" else scipy.linalg.eigh)(m @ m.T)
print(f"{time.perf_counter() - begin:.3f}")
