-- A shop, so that the parser is tried on tables that are not ChatDB's.

CREATE TABLE customers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email text,
    city text NOT NULL,
    country text NOT NULL,
    joined_on date NOT NULL
);

CREATE TABLE products (
    id integer PRIMARY KEY,
    name text NOT NULL,
    category text NOT NULL,
    price numeric(10, 2) NOT NULL,
    stock integer NOT NULL,
    discontinued boolean NOT NULL DEFAULT false
);

CREATE TABLE orders (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers (id),
    status text NOT NULL CHECK (status IN ('new', 'paid', 'shipped', 'returned')),
    total numeric(10, 2) NOT NULL,
    ordered_at timestamptz NOT NULL
);

CREATE TABLE order_items (
    id integer PRIMARY KEY,
    order_id integer NOT NULL REFERENCES orders (id),
    product_id integer NOT NULL REFERENCES products (id),
    quantity integer NOT NULL,
    unit_price numeric(10, 2) NOT NULL
);

INSERT INTO customers
SELECT n, (ARRAY['Ada', 'Boris', 'Chen', 'Dora', 'Emil', 'Fatima', 'Goran', 'Hana', 'Ivo', 'Jana'])[n],
    CASE WHEN n % 4 = 0 THEN NULL ELSE 'c' || n || CASE WHEN n % 2 = 0 THEN '@example.com' ELSE '@example.org' END END,
    (ARRAY['Paris', 'Berlin', 'Lyon', 'Berlin', 'Vienna', 'Paris', 'Graz', 'Vienna', 'Berlin', 'Nice'])[n],
    (ARRAY['France', 'Germany', 'France', 'Germany', 'Austria', 'France', 'Austria', 'Austria', 'Germany', 'France'])[n],
    current_date - (n * n * 9)
FROM generate_series(1, 10) AS n;

INSERT INTO products
SELECT n, (ARRAY['Apple juice', 'Bread', 'Cheese', 'Dark chocolate', 'Espresso beans', 'Fig jam', 'Green tea', 'Honey'])[n],
    (ARRAY['drinks', 'bakery', 'dairy', 'sweets', 'drinks', 'sweets', 'drinks', 'sweets'])[n],
    (ARRAY[3.20, 2.50, 7.90, 4.10, 12.00, 5.60, 6.40, 8.30])[n],
    (ARRAY[40, 0, 12, 75, 9, 0, 120, 33])[n], n IN (2, 6)
FROM generate_series(1, 8) AS n;

INSERT INTO orders
SELECT n, 1 + (n * n) % 10, (ARRAY['new', 'paid', 'shipped', 'returned', 'paid'])[1 + n % 5], 10 + (n * 37) % 190 + 0.5 * (n % 2),
    now() - n * n * interval '7 hours'
FROM generate_series(1, 60) AS n;

INSERT INTO order_items
SELECT n, 1 + n % 60, 1 + (n * n + n / 3) % 8, 1 + n % 5, 2 + (n * 13) % 11
FROM generate_series(1, 150) AS n;
