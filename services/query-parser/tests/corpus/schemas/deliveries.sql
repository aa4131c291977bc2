-- A parcel service: four tables in a row, with rows at the edges of days, months and years, and rows of the last weeks.

CREATE TABLE depots (
    id integer PRIMARY KEY,
    name text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    opened_on date NOT NULL,
    closed_on date,
    capacity integer NOT NULL,
    automated boolean NOT NULL
);

CREATE TABLE couriers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    depot_id integer NOT NULL REFERENCES depots (id),
    vehicle text NOT NULL CHECK (vehicle IN ('bike', 'van', 'truck')),
    hired_on date NOT NULL,
    rating numeric(2, 1),
    phone text,
    part_time boolean NOT NULL
);

CREATE TABLE parcels (
    id uuid PRIMARY KEY,
    tracking_code text NOT NULL UNIQUE,
    courier_id integer REFERENCES couriers (id),
    recipient text NOT NULL,
    destination text NOT NULL,
    service text NOT NULL CHECK (service IN ('standard', 'express', 'overnight')),
    status text NOT NULL CHECK (status IN ('registered', 'in_transit', 'delivered', 'returned', 'lost')),
    weight_kg numeric(6, 2) NOT NULL,
    declared_value numeric(8, 2),
    fragile boolean NOT NULL,
    registered_at timestamptz NOT NULL,
    delivered_at timestamptz,
    CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
);

CREATE TABLE attempts (
    id integer PRIMARY KEY,
    parcel_id uuid NOT NULL REFERENCES parcels (id),
    attempted_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('success', 'nobody_home', 'refused', 'wrong_address')),
    minutes_on_site integer NOT NULL,
    note text
);

INSERT INTO depots VALUES
    (1, 'Hamburg-Nord', 'Hamburg', 'Germany', '2015-03-01', NULL, 400, true),
    (2, 'Berlin/East', 'Berlin', 'Germany', '2017-09-30', NULL, 650, true),
    (3, 'Munich-Riem', 'Munich', 'Germany', '2019-01-01', NULL, 300, false),
    (4, 'Prague-Letnany', 'Prague', 'Czechia', '2020-02-29', NULL, 220, false),
    (5, 'Vienna-Simmering', 'Vienna', 'Austria', '2021-12-31', '2024-06-30', 180, false),
    (6, 'Brno', 'Brno', 'Czechia', '2023-07-01', NULL, 120, true);

INSERT INTO couriers VALUES
    (1, 'Anna Berg', 1, 'van', '2016-04-01', 4.7, '+49 40 5550101', false),
    (2, 'Bela Novak', 1, 'bike', '2018-01-15', 4.2, NULL, true),
    (3, 'Cem Aydin', 2, 'van', '2019-12-31', 3.9, '+49 30 5550103', false),
    (4, 'Dana Kral', 2, 'truck', '2020-06-01', NULL, '+49 30 5550104', false),
    (5, 'Erik Lund', 2, 'bike', '2022-03-31', 4.9, NULL, true),
    (6, 'Fay O''Neill', 3, 'van', '2021-10-01', 4.4, '+49 89 5550106', false),
    (7, 'Gus Hahn', 4, 'truck', '2023-01-01', 3.2, '+420 2 5550107', false),
    (8, 'Hedda Maly', 4, 'bike', '2024-02-29', 4.6, NULL, true),
    (9, 'Ines Roth', 5, 'van', '2022-01-01', 4.0, '+43 1 5550109', false);

INSERT INTO parcels
SELECT ('0a000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
    'PX-' || extract(year FROM registered) || '/' || lpad(n::text, 4, '0'),
    CASE WHEN n % 9 <> 5 THEN (ARRAY[1, 3, 2, 5, 1, 6, 7, 3, 8, 1, 4, 1, 3, 7, 2, 3, 1])[1 + n % 17] END,
    (ARRAY['Ada Weiss', 'Bruno Klein', 'Carla Horak', 'David Stein', 'Eva Lang'])[1 + (n * n) % 5],
    (ARRAY['Kiel', 'Dresden', 'Brno', 'Graz', 'Hamburg', 'Stuttgart', 'Linz'])[1 + n % 7],
    (ARRAY['standard', 'express', 'standard', 'overnight', 'standard', 'express'])[1 + (n * 5 + n / 6) % 6],
    status, 0.25 + (n * 37) % 101 * 0.35, CASE WHEN n % 4 <> 0 THEN 5 + (n * 53) % 97 * 12.5 END, n % 5 IN (1, 3), registered,
    CASE WHEN status <> 'delivered' THEN NULL WHEN n > 45 THEN registered + (now() - registered) * (1 + n % 4) / 10
        ELSE registered + (5 + (n * 29) % 67 * 3) * interval '1 hour' + n * interval '1 minute' END
FROM (
    SELECT n,
        (ARRAY['delivered', 'delivered', 'in_transit', 'delivered', 'returned', 'delivered', 'registered', 'delivered', 'lost',
            'delivered', 'in_transit', 'delivered', 'delivered'])[1 + (n * 4) % 13] AS status,
        CASE n WHEN 41 THEN timestamptz '2024-03-31 23:59:59+00' WHEN 42 THEN timestamptz '2024-04-01 00:00:00+00'
            WHEN 43 THEN timestamptz '2024-06-30 23:30:00+00' WHEN 44 THEN timestamptz '2024-12-31 23:59:59+00'
            WHEN 45 THEN timestamptz '2024-02-29 12:00:00+00'
            ELSE CASE WHEN n > 45 THEN now() - (n - 45) * (n - 45) * interval '9 hours'
                ELSE timestamptz '2024-01-01 00:00:00+00' + (n * n * 5 + n * 7) * interval '1 hour' END END AS registered
    FROM generate_series(0, 64) AS n
) AS made;

-- None, one, two or three for each parcel that has left the depot; what is delivered was handed over at the last one.
INSERT INTO attempts
SELECT row_number() OVER (ORDER BY parcels.id, k), parcels.id,
    CASE WHEN parcels.status = 'delivered' THEN parcels.delivered_at - (m - k) * interval '90 minutes'
        ELSE parcels.registered_at + k * interval '2 hours' END,
    CASE WHEN parcels.status = 'delivered' AND k = m THEN 'success'
        ELSE (ARRAY['nobody_home', 'refused', 'nobody_home', 'wrong_address', 'nobody_home'])[1 + (n + k) % 5] END,
    1 + (n * 7 + k * 3) % 23,
    (ARRAY['dog in the yard', NULL, 'left with a neighbour', NULL, 'bell is broken', NULL])[1 + (n * 2 + k) % 6]
FROM parcels, LATERAL (SELECT right(parcels.id::text, 12)::integer AS n) AS numbered,
    LATERAL (SELECT n * 3 % 4 AS m) AS many, generate_series(1, m) AS k
WHERE parcels.status <> 'registered';
