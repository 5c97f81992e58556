"""Phenomena of sparse autoencoders as statements about sets (theory P1–P6), each measured with its interval.

Every function takes any SAE, of this library or another (anything that tells who fires where), and a dataset
of concepts; its answer is a frozen record with the effect, its interval and the neurons and points concerned.
"""

from geosae.analysis.phenomena._apart import Apart as Apart
from geosae.analysis.phenomena._pieces import Kind as Kind
from geosae.analysis.phenomena._shares import Difference as Difference
from geosae.analysis.phenomena._shares import Share as Share
from geosae.analysis.phenomena.absorption import Absorption as Absorption
from geosae.analysis.phenomena.absorption import absorption as absorption
from geosae.analysis.phenomena.dead_dense import DeadAndDense as DeadAndDense
from geosae.analysis.phenomena.dead_dense import dead_and_dense as dead_and_dense
from geosae.analysis.phenomena.families import Families as Families
from geosae.analysis.phenomena.families import Family as Family
from geosae.analysis.phenomena.families import families as families
from geosae.analysis.phenomena.families import families_among as families_among
from geosae.analysis.phenomena.hedging import Hedging as Hedging
from geosae.analysis.phenomena.hedging import Mixture as Mixture
from geosae.analysis.phenomena.hedging import hedging as hedging
from geosae.analysis.phenomena.splitting import Cut as Cut
from geosae.analysis.phenomena.splitting import Gap as Gap
from geosae.analysis.phenomena.splitting import Splits as Splits
from geosae.analysis.phenomena.splitting import splits as splits
from geosae.analysis.phenomena.splitting import tiling as tiling
