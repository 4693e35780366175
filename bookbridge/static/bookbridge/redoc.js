"use strict";

const place = document.getElementById("document");
Redoc.init(
  place.dataset.schema,
  { hideLoading: false, nativeScrollbars: true, hideSchemaPattern: true },
  place,
);
