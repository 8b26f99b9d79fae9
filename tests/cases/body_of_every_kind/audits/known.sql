-- @import: events = sources.raw.events
-- @param: child column
-- @param: parent column
-- Every child has a parent, and is an event.
select this.*
from :this
left join :parent on this.:child = :parent
where :parent is null
    or this.:child not in (select events.id from :events);
