select 'grün' as farbe, größe as maß
