// The steps of the Earthquake flow. Each takes the values of a message and returns those for the
// next step; plain functions, no base class, no knowledge of sockets.

import type { HandlerContext, Values } from 'zmanager'
import { cities } from './cities.ts'

/** One GeoJSON feature of the US Geological Survey's feed. */
interface Feature {
  id: string
  properties: { mag: number | null; place: string | null; time: number; url: string }
  geometry: { coordinates: [longitude: number, latitude: number, depthKm: number | null] }
}

/** What is kept of a feature. */
interface Quake {
  id: string
  time: string
  place: string
  magnitude: number | null
  depthKm: number | null
  latitude: number
  longitude: number
}

export function validate(values: Values): Values {
  const { id, properties, geometry } = values as Partial<Feature>
  if (typeof id !== 'string' || !properties || !geometry) {
    throw new Error('not an earthquake: id, properties and geometry are needed')
  }
  const [longitude, latitude, depthKm] = geometry.coordinates
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) {
    throw new Error(`no such place: latitude ${latitude}, longitude ${longitude}`)
  }
  const time = new Date(properties.time).toISOString()
  const { mag: magnitude, place } = properties
  return { id, time, place: place ?? '', magnitude, depthKm, latitude, longitude } satisfies Quake
}

const MAGNITUDES = [
  [8, 'great'],
  [7, 'major'],
  [6, 'strong'],
  [5, 'moderate'],
  [4, 'light'],
  [3, 'minor'],
] as const

export function classify(values: Values): Values {
  const { magnitude, depthKm } = values as unknown as Quake
  const strength =
    MAGNITUDES.find(([least]) => magnitude !== null && magnitude >= least)?.[1] ?? 'micro'
  return { ...values, class: magnitude === null ? 'unknown' : strength, depth: depthClass(depthKm) }
}

function depthClass(depthKm: number | null): string {
  if (depthKm === null) return 'unknown'
  if (depthKm < 70) return 'shallow'
  return depthKm < 300 ? 'intermediate' : 'deep'
}

export function nearestCity(values: Values): Values {
  const { latitude, longitude } = values as unknown as Quake
  let nearest = { city: '', km: Number.POSITIVE_INFINITY }
  for (const [city, cityLatitude, cityLongitude] of cities) {
    const km = distanceKm(latitude, longitude, cityLatitude, cityLongitude)
    if (km < nearest.km) nearest = { city, km }
  }
  return { ...values, nearestCity: nearest.city, nearestCityKm: Math.round(nearest.km) }
}

/** Great-circle distance (haversine). */
function distanceKm(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180
  const dLat = radians(lat2 - lat1)
  const dLon = radians(lon2 - lon1)
  const a =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * Math.sin(dLon / 2) ** 2
  return 2 * 6371 * Math.asin(Math.sqrt(a))
}

const ALERT_MAGNITUDE = 5

/** Strong ones are also published under a topic of their own; the message itself goes on unchanged. */
export async function alert(values: Values, context: HandlerContext): Promise<void> {
  const { id, magnitude, place, time } = values as unknown as Quake
  if (magnitude === null || magnitude < ALERT_MAGNITUDE) return
  await context.publish('Earthquake?Alert@PUBLISH?strong', { id, magnitude, place, time })
}
