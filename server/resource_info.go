package server

import "github.com/gatehouse-sec/gatehouse/api"

// resourceInfos says how each resource can be filtered and sorted.
func resourceInfos() []api.ResourceInfo { return []api.ResourceInfo{} }
