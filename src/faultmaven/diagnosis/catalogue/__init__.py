"""Known faults: what they look like, what they mean, and what to do about each."""

from faultmaven.diagnosis.catalogue.book import Catalogue
from faultmaven.diagnosis.catalogue.loader import CatalogueError, load
from faultmaven.diagnosis.catalogue.model import Fault, KnownAction, KnownCheck, Match

__all__ = ["Catalogue", "CatalogueError", "Fault", "KnownAction", "KnownCheck", "Match", "load"]
