package server

import "github.com/gatehouse-sec/gatehouse/api"

// resourceInfos says how each resource can be filtered and sorted.
func resourceInfos() []api.ResourceInfo {
	infos := []api.ResourceInfo{}
	for _, r := range recordResources() {
		infos = append(infos, r.info())
	}
	return infos
}
