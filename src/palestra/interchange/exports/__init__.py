"""Training data out of battles, and the card that says where it came from."""

from palestra.interchange.exports.dataset_card import CardColumn, CardFacts, CardModel, CardSubset, card
from palestra.interchange.exports.described import Stated
from palestra.interchange.exports.export import Export, exported
from palestra.interchange.exports.reading import BattleSource, file_source
from palestra.interchange.exports.report import ExportReport
from palestra.interchange.exports.wishes import Wishes
from palestra.interchange.exports.writing import Target

__all__ = [
    "BattleSource",
    "CardColumn",
    "CardFacts",
    "CardModel",
    "CardSubset",
    "Export",
    "ExportReport",
    "Stated",
    "Target",
    "Wishes",
    "card",
    "exported",
    "file_source",
]
