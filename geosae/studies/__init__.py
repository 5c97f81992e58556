"""Questions beyond the grid: each study lists its jobs, does them, and answers from their numbers."""

from geosae.studies.registry import STUDIES as STUDIES
from geosae.studies.registry import all_studies as all_studies
from geosae.studies.study import Answer as Answer
from geosae.studies.study import Study as Study
