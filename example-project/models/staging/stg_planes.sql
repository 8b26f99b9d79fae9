-- One maker stands in the registry under several names; here it gets one.
--
-- @description: aircraft with one name per manufacturer
-- @import: seeds.planes
-- @column: built_in integer "year of manufacture"
-- @column: manufacturer varchar
select
    planes.tailnum,
    planes.year as built_in,
    case
        when planes.manufacturer like 'AIRBUS%' then 'AIRBUS'
        when planes.manufacturer like 'MCDONNELL DOUGLAS%' then 'MCDONNELL DOUGLAS'
        when planes.manufacturer like 'BOMBARDIER%' then 'BOMBARDIER'
        when planes.manufacturer = 'CANADAIR' then 'BOMBARDIER'
        else planes.manufacturer
    end as manufacturer,
    planes.model,
    planes.engines,
    planes.seats
from :planes
