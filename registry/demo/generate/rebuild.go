package main

import (
	"fmt"
	"time"
)

// rebuild is the fourth incident: shop/worker, one commit built twice on a day.
// The base is the same. Of the steps above it one makes the same files at
// another time, one also writes logs and a cache, and one copies a checkout that
// somebody had edited.
func (s store) rebuild() {
	r := s.repo("shop/worker")
	r.tag(worker("2024-08-20T09:12:40Z", committed).oci(), "build-311")
	r.tag(worker("2024-08-20T16:47:05Z", edited).oci(), "build-312")
}

// worker is an image of the commit, built on a date from a checkout.
func worker(date string, checkout []file) image {
	i := paymentsBase(amd64Arch).at(date).by(buildkit).add(env("PYTHONUNBUFFERED", "1"))
	i = i.add(run("ln -sf /usr/share/zoneinfo/UTC /etc/localtime && echo UTC > /etc/timezone", filesAt(i.clock, timezone...)))
	i = i.add(run("apt-get update && apt-get install -y --no-install-recommends python3 python3-requests && rm -rf /var/lib/apt/lists/*",
		filesAt(i.clock, aptPython(i.clock)...)))
	return i.add(
		copied(". /app", filesAt(i.clock, checkout...)),
		label("org.opencontainers.image.revision", "5d41c0e7b2a94f6803c1d9e8a7f05b36c2e4190d"),
		cmd("/app/start.sh"),
	)
}

var timezone = []file{folder("etc/"), symlink("etc/localtime", "/usr/share/zoneinfo/UTC"), text("etc/timezone", "UTC\n")}

// aptPython is what apt-get install writes: the files of the packages, and logs
// and a cache that depend on the time and the host of the build.
func aptPython(at time.Time) []file {
	log := ""
	for n, line := range []string{
		"startup archives unpack", "install python3:amd64 <none> 3.11.2-1+b1", "install python3-requests:all <none> 2.28.1+dfsg-1",
		"startup packages configure", "status installed python3:amd64 3.11.2-1+b1", "status installed python3-requests:all 2.28.1+dfsg-1",
	} {
		log += at.Add(time.Duration(n/2)*time.Second).Format(time.DateTime) + " " + line + "\n"
	}
	const dateOfApt = "2006-01-02  15:04:05"
	history := fmt.Sprintf("\nStart-Date: %s\n"+
		"Commandline: apt-get install -y --no-install-recommends python3 python3-requests\n"+
		"Install: python3 3.11.2-1+b1, python3-requests 2.28.1+dfsg-1\nEnd-Date: %s\n",
		at.Format(dateOfApt), at.Add(3*time.Second).Format(dateOfApt))
	return []file{
		folder("usr/"), folder("usr/bin/"), program("usr/bin/python3.11", "3.11.2", x86, 14<<10), symlink("usr/bin/python3", "python3.11"),
		folder("usr/lib/"), folder("usr/lib/python3/"), folder("usr/lib/python3/dist-packages/"),
		folder("usr/lib/python3/dist-packages/requests/"),
		text("usr/lib/python3/dist-packages/requests/__version__.py", "__title__ = \"requests\"\n__version__ = \"2.28.1\"\n"),
		folder("var/"), folder("var/cache/"), folder("var/cache/ldconfig/"),
		blob("var/cache/ldconfig/aux-cache", at.String(), 2<<10).as(0o600),
		folder("var/log/"), text("var/log/dpkg.log", log),
		folder("var/log/apt/"), text("var/log/apt/history.log", history),
	}
}

// committed is the checkout as the commit has it.
var committed = []file{
	folder("app/"),
	text("app/jobs.py", "def handle(job):\n    print(\"done:\", job[\"id\"])\n"),
	text("app/main.py", mainStart+`from jobs import handle

QUEUE = "http://queue:8080/next"


def fetch(url):
    return requests.get(url).json()
`+mainEnd),
	text("app/requirements.txt", "requests==2.28.1\nurllib3==1.26.12\n"),
	text("app/start.sh", startScript).as(0o755),
	folder("app/util/"),
	text("app/util/__init__.py", "# helpers of the worker\n"),
}

// edited is a checkout of the same commit with changes that were not committed,
// on a disk that does not store permissions.
var edited = []file{
	folder("app/"),
	text("app/jobs.py", "def handle(job):\n    print(\"done:\", job[\"id\"])\n"),
	text("app/main.py", mainStart+`from jobs import handle
from util.retry import retry

QUEUE = "http://queue:8080/next"


def fetch(url):
    return retry(requests.get, url, timeout=5).json()
`+mainEnd),
	text("app/requirements.txt", "requests==2.28.1\nurllib3==1.26.20\n"),
	text("app/start.sh", startScript),
	folder("app/util/"),
	text("app/util/__init__.py", "# helpers of the worker\n"),
	text("app/util/retry.py", `import time


def retry(call, *args, tries=3, **options):
    for n in range(tries):
        try:
            return call(*args, **options)
        except OSError:
            if n + 1 == tries:
                raise
            time.sleep(2**n)
`),
}

const (
	mainStart = `import sys
import time

import requests

`
	mainEnd = `

def main():
    while True:
        job = fetch(QUEUE)
        if job is None:
            time.sleep(5)
            continue
        handle(job)


if __name__ == "__main__":
    sys.exit(main())
`
	startScript = "#!/bin/sh\nset -e\ncd /app\nexec python3 main.py\n"
)
