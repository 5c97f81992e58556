"""Whether two runs of one plan on different seeds say the same."""

from geosae.replication.compare_runs import replicate as replicate
from geosae.replication.record import Replication as Replication
