"""What an SAE has learned of human concepts, in graded errors with exact intervals."""

from geosae.analysis.agreement import Agreement as Agreement
from geosae.analysis.agreement import agreement as agreement
from geosae.analysis.agreement import antitone_violations as antitone_violations
from geosae.analysis.alignment import DRAWN_AT as DRAWN_AT
from geosae.analysis.alignment import Alignment as Alignment
from geosae.analysis.alignment import Edges as Edges
from geosae.analysis.analyse import AnalysisConfig as AnalysisConfig
from geosae.analysis.analyse import analyse as analyse
from geosae.analysis.answers import ANSWERS as ANSWERS
from geosae.analysis.answers import Answer as Answer
from geosae.analysis.answers import ConceptAnswer as ConceptAnswer
from geosae.analysis.choice import LEARNER_NAMES as LEARNER_NAMES
from geosae.analysis.choice import LEARNERS as LEARNERS
from geosae.analysis.choice import Learner as Learner
from geosae.analysis.grades import Graded as Graded
from geosae.analysis.levels import along_tolerances as along_tolerances
from geosae.analysis.levels import levels_of as levels_of
from geosae.analysis.recovery import fvu as fvu
from geosae.analysis.recovery import mcc as mcc
from geosae.analysis.recovery import mcc_floor as mcc_floor
from geosae.analysis.round_trips import learning_and_interpretation as learning_and_interpretation
from geosae.analysis.table import NOTIONS as NOTIONS
from geosae.analysis.table import Notion as Notion
from geosae.analysis.table import NotionTable as NotionTable
