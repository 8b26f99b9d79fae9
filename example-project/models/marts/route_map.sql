-- Imports and CTEs live side by side. The list of airports lacks four in Puerto
-- Rico and the Virgin Islands: their names and coordinates stay null.
--
-- @description: routes with the coordinates of both ends, ready to draw
-- @config: grain=['origin', 'dest']
-- @import: routes = models.intermediate.int_routes
-- @import: airports = models.staging.stg_airports
-- @column: origin varchar not null
-- @column: dest varchar not null
-- @column: avg_arrival_delay double "minutes"
with pairs as (
    select
        routes.origin,
        routes.dest,
        max(routes.miles) as miles,
        count(*) as carriers,
        sum(routes.flights)::bigint as flights,
        sum(routes.arrivals) as arrivals,
        sum(routes.arrival_delay_minutes) as arrival_delay_minutes
    from :routes
    group by
        routes.origin,
        routes.dest
)
select
    p.origin,
    p.dest,
    there.airport_name as dest_name,
    here.latitude as origin_latitude,
    here.longitude as origin_longitude,
    there.latitude as dest_latitude,
    there.longitude as dest_longitude,
    p.miles,
    p.carriers,
    p.flights,
    round(p.arrival_delay_minutes / nullif(p.arrivals, 0), 2) as avg_arrival_delay
from pairs as p
left join :airports as here
    on here.airport = p.origin
left join :airports as there
    on there.airport = p.dest
