package layers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/registry"
	"github.com/tagdiff/tagdiff/ui/garbage"
)

// TestMain runs the benchmarks, or one job in place of them.
func TestMain(m *testing.M) {
	if job := os.Getenv(layerJobEnv); job != "" {
		os.Exit(runLayerJob(job))
	}
	os.Exit(m.Run())
}

// layerJobEnv has a layerJob as JSON. It makes the test binary a process that does the job and
// ends, so that its time and memory can be compared with those of other programs.
const layerJobEnv = "TAGDIFF_BENCH_JOB"

// layerJob reads the layers of images in one repository.
type layerJob struct {
	Host   string
	Certs  string   // folder with the authorities, as /etc/docker/certs.d
	Images []string // names: one image, or two to compare
	TOC    bool     // read tables of contents
	// Machine only finds for which machine the image is, by the first bytes of its base.
	Machine bool
	Floor   []string // digests of layers: read those with the least work, and nothing else
	Cache   string   // folder
}

const layerRepo = "bench/app"

func (j layerJob) run() error {
	if len(j.Floor) > 0 {
		return j.leastWork()
	}
	garbage.Limit()
	c := registry.New(registry.Options{CertDirs: []string{j.Certs}, Documents: j.Cache})
	defer c.Close()
	images := make([]model.Artifact, len(j.Images))
	var loads errgroup.Group
	for i, name := range j.Images {
		loads.Go(func() (err error) {
			r := model.Ref{Registry: j.Host, Repository: layerRepo, Tag: name}
			images[i], err = c.Load(context.Background(), r, nil)
			return err
		})
	}
	if err := loads.Wait(); err != nil {
		return err
	}
	if j.Machine {
		return machineOf(c, images[0])
	}
	if len(images) == 1 {
		var reads []model.LayerRead
		for _, d := range images[0].Entries[0].Image.Manifest.Layers {
			reads = append(reads, model.LayerRead{Repo: images[0].Ref.Repo(), Layer: d, TOC: j.TOC})
		}
		_, err := readAll(c, reads)
		return err
	}
	return j.compare(c, images[0], images[1])
}

// compare reads the layers of two images that differ, and compares their files.
func (j layerJob) compare(c *registry.Client, a, b model.Artifact) error {
	pair := diff.PairUp(a, b).Pairs[0]
	layers, _ := diff.LayersToRead(pair)
	shelves := map[diff.RowLayers]*inside.Shelf{}
	var reads []model.LayerRead
	for _, l := range layers {
		row := diff.LayersOf(pair.Rows[l.Row])
		if shelves[row] == nil {
			shelves[row] = inside.NewShelf(len(layers) / 2)
		}
		read := model.LayerRead{Repo: a.Ref.Repo(), Layer: l.Descriptor, Keep: shelves[row], TOC: j.TOC}
		if l.Side == diff.SideB {
			read.Side = 1
		}
		reads = append(reads, read)
	}
	read, err := readAll(c, reads)
	if err != nil {
		return err
	}
	found := diff.CompareInside(pair, read, func(row diff.RowLayers, path string) (a, b []byte, ok bool) {
		return shelves[row].Texts(path)
	})
	files, _, _ := found.Merged()
	if files == nil || files.Len() == 0 {
		return errors.New("no file differs")
	}
	return nil
}

// machineOf finds for which machine an image is.
func machineOf(c *registry.Client, a model.Artifact) error {
	all := func(model.Entry) bool { return true }
	comparison, read := diff.Describe(a), diff.ReadLayers{}
	for range 10 {
		var reads []model.LayerRead
		for _, l := range comparison.ProgramReads(all, 0, nil) {
			reads = append(reads, model.LayerRead{Repo: a.Ref.Repo(), Layer: l.Descriptor, Enough: l.Enough})
		}
		if len(reads) == 0 {
			break
		}
		more, err := readAll(c, reads)
		if err != nil {
			return err
		}
		maps.Copy(read, more)
		comparison = comparison.WithPrograms(read)
	}
	if seen := comparison.ProgramsOf(comparison.Pairs[0], diff.SideA); seen == nil || !seen.IsDecided() {
		return errors.New("no program was seen")
	}
	return nil
}

func readAll(c *registry.Client, reads []model.LayerRead) (diff.ReadLayers, error) {
	read := diff.ReadLayers{}
	for d, s := range c.ReadLayers(context.Background(), reads, nil) {
		if s.Err != nil {
			return nil, s.Err
		}
		read[d] = s.Layer
	}
	return read, nil
}

// leastWork reads each layer in one request, unpacks it, and hashes the blob, the archive and each
// file: nothing can verify and list layers with less.
func (j layerJob) leastWork() error {
	pem, err := os.ReadFile(filepath.Join(j.Certs, j.Host, "ca.crt"))
	if err != nil {
		return err
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities}, ForceAttemptHTTP2: true}}
	var all errgroup.Group
	for _, d := range j.Floor {
		all.Go(func() error { return leastListing(client, "https://"+j.Host+"/v2/"+layerRepo+"/blobs/"+d) })
	}
	return all.Wait()
}

// leastListing reads a layer as insidetest.ReadLeast does.
func leastListing(client *http.Client, url string) error {
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return insidetest.ReadLeast(resp.Body)
}

// runLayerJob does a job that is given as JSON, and returns the exit code. It prints the most memory
// that it took, in KiB.
func runLayerJob(raw string) int {
	var j layerJob
	err := json.Unmarshal([]byte(raw), &j)
	if err == nil {
		err = j.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// The memory that the system reports of a child that has ended may be that of its parent.
	status, _ := os.ReadFile("/proc/self/status") // absent on other systems
	if _, after, ok := strings.Cut(string(status), "VmHWM:"); ok {
		fmt.Println(strings.Fields(after)[0])
	}
	return 0
}
