-- @description: the aircraft seen in New York, by manufacturer and model
-- @config: grain=['manufacturer', 'model']
-- @import: aircraft = models.intermediate.int_aircraft
-- @import: planes = models.staging.stg_planes
-- @column: seats double "on average"
-- @column: flight_hours double
select
    p.manufacturer,
    p.model,
    count(*) as planes,
    round(avg(p.seats), 1) as seats,
    min(p.built_in) as oldest,
    max(p.built_in) as newest,
    sum(a.flights)::bigint as flights,
    round(sum(a.air_minutes) / 60, 1) as flight_hours,
    round(sum(a.miles) / count(*)) as miles_per_plane
from :aircraft as a
join :planes as p
    on p.tailnum = a.tailnum
group by
    p.manufacturer,
    p.model
