"""Questions beyond the grid: each study lists its jobs, does them, and answers from their numbers."""

from geosae.experiments.studies.study import Answer as Answer
from geosae.experiments.studies.study import Job as Job
from geosae.experiments.studies.study import Record as Record
from geosae.experiments.studies.study import Study as Study
from geosae.experiments.studies.study import StudyEntry as StudyEntry
