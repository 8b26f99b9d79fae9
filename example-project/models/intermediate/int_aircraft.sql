-- @description: what each aircraft did, as far as it has a tail number
-- @config: grain='tailnum'
-- @import: departures = models.intermediate.int_departures
select
    departures.tailnum,
    count(*) as flights,
    count(departures.departure_delay) as departures,
    sum(departures.departure_delay) as departure_delay_minutes,
    sum(departures.air_minutes) as air_minutes,
    sum(departures.miles) filter (where not departures.is_cancelled) as miles,
    min(departures.flight_date) as first_flight_date,
    max(departures.flight_date) as last_flight_date
from :departures
where departures.tailnum is not null
group by departures.tailnum
