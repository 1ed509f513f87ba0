"""The search for the largest products, against sorting all of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from oracles import naive_top_k

from matchms_fingerprint.kernels.sparse_search import SparseVectors, index_columns, top_of_rows, top_products

# halves and quarters: their sums are exact, so that equal products are equal
VALUES = st.sampled_from([0.0, 0.25, 0.5, 1.0, -0.5])


def matrices(n_columns):
    row = st.lists(VALUES, min_size=n_columns, max_size=n_columns)
    return st.lists(row, max_size=8).map(lambda rows: np.array(rows, float).reshape(-1, n_columns))


def sparse(matrix, column_of):
    rows, columns = np.nonzero(matrix)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=len(matrix))))).astype(np.int64)
    return SparseVectors(column_of[columns], matrix[rows, columns], offsets)


@given(matrices(5), matrices(7), st.integers(1, 10))
def test_top_products_are_those_of_all(vectors, queries, k):
    # columns far apart, and some that only queries have
    column_of = np.array([3, 4, 1000, 10**12, 10**12 + 1, 0, 10**13])
    positions, scores = top_products(index_columns(sparse(vectors, column_of)), sparse(queries, column_of), k)
    products = queries[:, :5] @ vectors.T
    assert positions.shape == scores.shape == (len(queries), k)
    for row, product in enumerate(products):
        expected = [i for i in naive_top_k(product, k) if product[i] > 0]
        assert positions[row].tolist() == expected + [-1] * (k - len(expected))
        assert scores[row].tolist() == product[expected].tolist() + [0.0] * (k - len(expected))


@given(matrices(6), st.integers(1, 10), st.sampled_from([np.float32, np.float64]))
def test_top_of_rows_are_those_of_all(rows, k, kind):
    positions, scores = top_of_rows(rows.astype(kind), k)
    for row, values in enumerate(rows):
        expected = naive_top_k(values, k)
        assert positions[row].tolist() == expected + [-1] * (k - len(expected))
        assert scores[row].tolist() == values[expected].tolist() + [0.0] * (k - len(expected))


def test_what_is_no_number_is_never_taken():
    positions, scores = top_of_rows(np.array([[np.nan, -np.inf, -2.0, np.nan]]), 3)
    assert positions.tolist() == [[2, -1, -1]]
    assert scores.tolist() == [[-2.0, 0.0, 0.0]]


@given(matrices(5), st.lists(st.integers(0, 7), max_size=6))
def test_vectors_are_taken_in_any_order(vectors, positions):
    chosen = np.array([i for i in positions if i < len(vectors)], np.int64)
    some, expected = sparse(vectors, np.arange(5)).take(chosen), sparse(vectors[chosen], np.arange(5))
    assert some.n_vectors == chosen.size
    for one, other in zip(some, expected, strict=True):
        assert one.tolist() == other.tolist()
