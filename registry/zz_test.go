package registry
import ("testing";"fmt";"github.com/tagdiff/tagdiff/model";"time")
func TestZZ(t *testing.T){
 c:=newClient(t,Options{})
 p:=c.tags(model.Ref{Registry:"127.0.0.1:5000",Repository:"team/app"})
 q:=c.repositories("127.0.0.1:5000")
 n:=make([]string,300000); for i:=range n {n[i]=fmt.Sprintf("v1.2.%d-alpine-something",i)}
 t0:=time.Now(); p.fresh(n); fmt.Println(time.Since(t0))
 t0=time.Now(); q.fresh(n); fmt.Println(time.Since(t0))
 s:=newServer(t)
 big:=names(90000)
 serveList(s,"tags",big,func(all []string,last string,n int)([]string,string){ i:=0; if last!="" {fmt.Sscanf(last,"v%d",&i); i++}; e:=min(i+n,len(all)); pg:=all[i:e]; l:=""; if e<len(all){l=fmt.Sprintf("/v2/app/tags/list?last=%s&n=%d",pg[len(pg)-1],n)}; return pg,l})
 calls:=0; got:=0
 t0=time.Now(); err:=c.Tags(deadline(t),s.ref("app",""),func(x []string){calls++; got+=len(x); time.Sleep(10*time.Millisecond)})
 fmt.Println(time.Since(t0),calls,got,err)
}
