"""How far judges agree with people, beside how far people agree with people."""

from __future__ import annotations

from palestra.analysis.agreement.assess import Wish, assess
from palestra.analysis.agreement.ballots import Ballots, Matchups
from palestra.analysis.agreement.findings import Findings
from palestra.analysis.agreement.kappa import cohen_kappa, fleiss_kappa

__all__ = ["Ballots", "Findings", "Matchups", "Wish", "assess", "cohen_kappa", "fleiss_kappa"]
