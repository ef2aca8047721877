"""All plants, by who sends them."""

from tests.training.plants.careless import CARELESS
from tests.training.plants.dishonest import DISHONEST
from tests.training.plants.honest import HONEST
from tests.training.plants.listed import LISTED

CATALOG = {
    "Listed by a reviewer": LISTED,
    "Careless and hurried": CARELESS,
    "Dishonest": DISHONEST,
    "Honest": HONEST,
}
