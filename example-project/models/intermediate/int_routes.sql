-- Ephemeral models may read each other: here two CTEs end up in the reader.
--
-- @description: what each carrier flies between two airports
-- @import: departures = models.intermediate.int_departures
-- @config: grain=['origin', 'dest', 'carrier']
select
    departures.origin,
    departures.dest,
    departures.carrier,
    max(departures.miles) as miles,
    count(*) as flights,
    count(*) filter (where departures.is_cancelled) as cancelled_flights,
    count(*) filter (where departures.is_late) as late_flights,
    count(departures.arrival_delay) as arrivals,
    sum(departures.arrival_delay) as arrival_delay_minutes,
    sum(departures.air_minutes) as air_minutes
from :departures
group by
    departures.origin,
    departures.dest,
    departures.carrier
