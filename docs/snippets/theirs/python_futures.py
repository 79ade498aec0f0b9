# concurrent.futures: values, errors, order.
#! [program]
from concurrent.futures import ProcessPoolExecutor

def parse(page):
    if page == 3:
        raise ValueError("page 3 is torn")
    return page * 100

def main():
    with ProcessPoolExecutor(max_workers=2) as pool:
        first = pool.submit(parse, 1)
        torn = pool.submit(parse, 3)
        print("one:", first.result())
        try:
            torn.result()
        except ValueError as error:
            print("failed:", error)
        print("all:", *pool.map(parse, [4, 5, 6]))
#! [program]

if __name__ == "__main__":
    main()
