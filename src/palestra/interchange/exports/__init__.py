"""Training data out of battles, and the card that says where it came from."""

from palestra.interchange.exports.dataset_card import CardColumn, CardFacts, CardModel, CardSubset, card

__all__ = ["CardColumn", "CardFacts", "CardModel", "CardSubset", "card"]
