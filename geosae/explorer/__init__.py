"""The explorer: answers, concepts, neurons and lattices of a run, to be looked at in a browser."""

from geosae.explorer.page import write_page as write_page
from geosae.explorer.records import ExploreData as ExploreData
from geosae.explorer.sources import explore_data as explore_data
