-- Without `alias =` an import is called as the last part of its path: `:airlines`.
-- The types of `airlines.csv` are inferred: nobody has declared them.
--
-- @description: carriers and their names
-- @import: seeds.airlines
select
    airlines.carrier,
    airlines.name as carrier_name
from :airlines
