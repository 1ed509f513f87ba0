"""Molecular networks of learned embeddings, as matchms builds and exports them."""

from __future__ import annotations

from collections.abc import Sequence

from matchms import Spectrum, calculate_scores
from matchms.networking import SimilarityNetwork

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.similarity.embedding import EmbeddingSimilarity

NODE_KEYS = (
    "precursor_mz",
    "retention_time",
    "compound_name",
    "smiles",
    "inchikey",
    "formula",
    "adduct",
    "mf_score",
    "mf_probability",
)
"""Metadata of spectra that nodes keep, where there are some."""


def embedding_network(
    spectra: Sequence[Spectrum],
    model: str = "default",
    k: int = 10,
    min_score: float = 0.9,
    identifier_key: str = "feature_id",
) -> SimilarityNetwork:
    """Connect spectra that are alike to the model.

    The network is one of matchms, for `export_to_file` in any of its formats (GraphML for Cytoscape), and its `graph`
    one of networkx. Nodes carry what is known of their spectra: m/z, retention time and, of annotated spectra, the
    structure and its probability. All spectra are compared with each other, which needs 8 bytes a pair; for very many
    there is `io.network_edges`.

    Parameters
    ----------
    spectra
        Spectra, each with an identifier of its own.
    model
        Name of a shipped model, or the folder of a model bundle.
    k
        Edges that a spectrum may ask for; it can have more, since others ask as well.
    min_score
        Least cosine of the embeddings of two spectra with an edge.
    identifier_key
        Metadata that name a node, as text.

    Returns
    -------
    matchms.networking.SimilarityNetwork

    Raises
    ------
    SettingsError
        If a spectrum has no identifier, one that is no text, or that of another one, or if `k` is below 1.
    ModelError
        If the model cannot be loaded.

    Examples
    --------
    >>> from matchms.reference_spectra import aspirin, cocaine, salicin
    >>> from matchms_fingerprint.similarity import embedding_network
    >>> spectra = [spectrum() for spectrum in (aspirin, cocaine, salicin)]
    >>> for number, spectrum in enumerate(spectra):
    ...     _ = spectrum.set("feature_id", str(number))
    >>> network = embedding_network(spectra, min_score=-1.0)
    >>> network.graph.number_of_edges()
    3
    >>> network.export_to_file("network.graphml")  # doctest: +SKIP
    """
    if k < 1:
        raise SettingsError(f"k {k}: must be 1 or more edges")
    names = [spectrum.get(identifier_key) for spectrum in spectra]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise SettingsError(f"identifier_key {identifier_key!r}: must be text in each spectrum, and another in each")
    network = SimilarityNetwork(identifier_key, top_n=k + 1, max_links=k, score_cutoff=min_score)
    scores = calculate_scores(list(spectra), list(spectra), EmbeddingSimilarity(model), is_symmetric=True)
    network.create_network(scores, score_name=EmbeddingSimilarity.__name__)
    for name, spectrum in zip(names, spectra, strict=True):
        known = {key: spectrum.get(key) for key in NODE_KEYS}
        network.graph.nodes[name].update({key: value for key, value in known.items() if value is not None})
    return network
