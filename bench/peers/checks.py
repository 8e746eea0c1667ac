# SPDX-License-Identifier: Apache-2.0
"""Did both sides compute the same? Each check compares zoetrope's files with Python's libraries on the same input."""

import h5py
import numpy as np
from cleanlab.outlier import OutOfDistribution
from scipy.spatial import procrustes
from sklearn.decomposition import PCA


def check_all(python_folder, run):
    with h5py.File(run / "analysis.h5") as file:
        analysis = {name: file[name][:] for name in ("step", "ood_score", "pca", "aligned", "disparity")}
    embeddings = [read_embeddings(run, step) for step in analysis["step"]]
    return [check_initial_embeddings(python_folder, embeddings[0]), *check_outliers(analysis, embeddings),
            check_pca(analysis, embeddings), *check_alignment(analysis)]


def read_embeddings(run, step):
    with h5py.File(run / f"checkpoint-{step}" / "embeddings.h5") as file:
        return file["embeddings"][:]


def verdict(what, difference, allowed):
    return {"what": what, "difference": float(difference), "allowed": allowed,
            "verdict": "PASS" if difference <= allowed else "FAIL"}


def check_initial_embeddings(python_folder, ours):
    """Before the first step the models are equal, so are the embeddings of all test images."""
    theirs = np.load(python_folder / "checkpoint-0" / "embedding.npy")
    return verdict("CLS embeddings of checkpoint-0, AutoModel", np.abs(theirs - ours).max(), 1e-4)


def check_outliers(analysis, embeddings):
    """The first and the last checkpoint: cleanlab is slow. It computes in the features' precision; in fp32 the
    distances of a fresh model, whose embeddings are all alike, leave it few digits, so fp64 is the yardstick."""
    checked = []
    for precision, allowed in ((np.float64, 1e-9), (np.float32, 1e-4)):
        difference = 0
        for frame in (0, -1):
            features = embeddings[frame].astype(precision)
            theirs = OutOfDistribution().fit_score(features=features, verbose=False)
            difference = max(difference, np.abs(theirs - analysis["ood_score"][frame]).max())
        checked.append(verdict(f"outlier scores, cleanlab in {precision.__name__}", difference, allowed))
    return checked


def check_pca(analysis, embeddings):
    """In fp64 and with the exact solver, relative to the largest coordinate; signs included."""
    difference = 0
    for points, features in zip(analysis["pca"], embeddings):
        theirs = PCA(n_components=2, svd_solver="full").fit_transform(features.astype(np.float64))
        difference = max(difference, np.abs(points - theirs).max() / np.abs(theirs).max())
    return verdict("PCA of the same embeddings, scikit-learn", difference, 1e-6)


def check_alignment(analysis):
    """The chain of the article: each frame to the one shown before it, then stretched to 5."""
    shown, points_difference, disparity_difference = None, 0, 0
    for points, aligned, disparity in zip(analysis["pca"], analysis["aligned"], analysis["disparity"]):
        _, theirs, their_disparity = procrustes(points if shown is None else shown, points)
        shown = theirs * 5 / np.abs(theirs).max()
        points_difference = max(points_difference, np.abs(aligned - shown).max())
        disparity_difference = max(disparity_difference, abs(disparity - their_disparity))
    return [verdict("aligned points, SciPy's procrustes", points_difference, 1e-9),
            verdict("disparity, SciPy's procrustes", disparity_difference, 1e-9)]
