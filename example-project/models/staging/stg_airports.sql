-- @description: airports with coordinates
-- @import: seeds.airports
-- @column: airport varchar "FAA code"
-- @column: altitude_feet integer
-- @column: time_zone varchar "IANA name"
select
    airports.faa as airport,
    airports.name as airport_name,
    airports.lat as latitude,
    airports.lon as longitude,
    airports.alt as altitude_feet,
    airports.tzone as time_zone
from :airports
