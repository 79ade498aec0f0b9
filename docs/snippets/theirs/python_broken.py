# concurrent.futures: what a worker that dies takes along.
#! [program]
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

def parse(page):
    if page == 2:
        os.abort()
    return page * 100

def main():
    with ProcessPoolExecutor(max_workers=1) as pool:
        pages = [pool.submit(parse, page) for page in (1, 2, 3)]
        for page in pages[1:]:
            try:
                print(page.result())
            except BrokenProcessPool:
                print("BrokenProcessPool")  # page 2, and page 3 with it
        try:
            pool.submit(parse, 4)
        except BrokenProcessPool:
            print("and so is the pool")
#! [program]

if __name__ == "__main__":
    main()
